import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { createRandom, shuffle } from '../../src/classifier/learning/random.ts';
import { readRows } from '../../src/datasets/read-rows.ts';
import type { Example } from '../../src/training/read-examples.ts';

/** The groups of the SpamAssassin corpus that the first version learns from. */
const KNOWN_GROUPS = ['easy-ham-1', 'spam-1'];
/** The groups that are sent later, with their relative frequencies. */
const unknownGroups = { 'hard-ham-1': 1, 'spam-2': 3, 'easy-ham-2': 1 } as const;

/** The longest mail that is used. The service rejects texts of more than 100,000 characters. */
const MAX_CHARACTERS = 50_000;

const mailSchema = z.object({ text: z.string(), label: z.string(), file: z.string() });

/** The real mails of the demonstration, in random order. */
export interface Mails {
  /** The mails to train the first version on. */
  readonly training: Example[];
  /** Further mails of the same groups. */
  readonly known: Example[];
  /** Mails of the other groups. */
  readonly unknown: Example[];
}

/** Reads the mails of the corpus by group. Downloads the corpus if it is not in the cache. */
export async function readMails(folder: string): Promise<Mails> {
  await promisify(execFile)('npm', ['run', '--silent', 'corpus', '--', '--out', folder]);
  const groups = Map.groupBy(await readCorpus(folder), ({ file }) => file.split('/')[0]!);
  const random = createRandom(1);
  const mailsOf = (group: string) => shuffled(groups.get(group) ?? [], random);
  const known = shuffled(KNOWN_GROUPS.flatMap(mailsOf), random);
  const trainingCount = Math.round(known.length * 0.6);
  return {
    training: known.slice(0, trainingCount),
    known: known.slice(trainingCount),
    unknown: mixed(
      Object.entries(unknownGroups).map(([group, weight]) => ({ mails: mailsOf(group), weight })),
      random,
    ),
  };
}

/** Returns the mails with shuffled labels, so that a model can learn from them only the frequency of each label. */
export function withShuffledLabels(mails: readonly Example[]): Example[] {
  const labels = shuffled(
    mails.map(({ label }) => label),
    createRandom(2),
  );
  return mails.map(({ text }, at) => ({ text, label: labels[at]! }));
}

async function readCorpus(folder: string): Promise<z.infer<typeof mailSchema>[]> {
  const mails: z.infer<typeof mailSchema>[] = [];
  const options = { schema: mailSchema, allowed: '{"text": string, "label": string, "file": string}' };
  for (const part of ['train', 'test']) {
    await readRows(join(folder, `${part}.jsonl`), options, (mail) => {
      if (mail.text.length <= MAX_CHARACTERS) mails.push(mail);
    });
  }
  return mails;
}

/** Draws all mails from the groups in random order, at frequencies by their weights. */
function mixed(groups: { mails: Example[]; weight: number }[], random: () => number): Example[] {
  const drawn: Example[] = [];
  for (;;) {
    // Each group with mails left has as many tickets as its weight.
    const tickets = groups.flatMap(({ mails, weight }) =>
      mails.length === 0 ? [] : Array.from({ length: weight }, () => mails),
    );
    const mail = tickets[Math.floor(random() * tickets.length)]?.pop();
    if (!mail) return drawn;
    drawn.push(mail);
  }
}

/** Returns the items in random order. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const order = Uint32Array.from(items.keys());
  shuffle(order, random);
  return Array.from(order, (at) => items[at]!);
}
