import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { createRandom, shuffle } from '../../src/classifier/learning/random.ts';
import type { Example } from '../../src/training/read-examples.ts';

/** What the model learns first, and what comes later: groups of the SpamAssassin corpus, and of how many mails one is of each. */
const knownGroups = ['easy-ham-1', 'spam-1'];
const newGroups = { 'hard-ham-1': 1, 'spam-2': 3, 'easy-ham-2': 1 } as const;

/** The service refuses texts that are much longer than mails are. */
const maxCharacters = 50_000;

const Mail = z.object({ text: z.string(), label: z.string(), file: z.string() });

/** Real mails in the order that the demonstration needs them. */
export interface Mails {
  /** To train the first version on. */
  readonly training: Example[];
  /** Of the same groups, never seen in training. */
  readonly known: Example[];
  /** Of the other groups. */
  readonly unknown: Example[];
}

/** Brings the corpus, where it is not there yet, and sorts its mails by group. */
export async function readMails(folder: string): Promise<Mails> {
  await promisify(execFile)('npm', ['run', '--silent', 'corpus', '--', '--out', folder]);
  const groups = Map.groupBy(await readCorpus(folder), ({ file }) => file.split('/')[0]!);
  const random = createRandom(1);
  const of = (name: string) => shuffled(groups.get(name) ?? [], random);
  const known = shuffled(knownGroups.flatMap(of), random);
  const forTraining = Math.round(known.length * 0.6);
  return {
    training: known.slice(0, forTraining),
    known: known.slice(forTraining),
    unknown: mixed(
      Object.entries(newGroups).map(([name, weight]) => ({ mails: of(name), weight })),
      random,
    ),
  };
}

/** The same mails with their labels shuffled: nothing can be learned from them, except how frequent each label is. */
export function withShuffledLabels(mails: readonly Example[]): Example[] {
  const labels = shuffled(
    mails.map(({ label }) => label),
    createRandom(2),
  );
  return mails.map(({ text }, at) => ({ text, label: labels[at]! }));
}

async function readCorpus(folder: string): Promise<z.infer<typeof Mail>[]> {
  const files = await Promise.all(['train', 'test'].map((part) => readFile(join(folder, `${part}.jsonl`), 'utf8')));
  return files
    .flatMap((file) => file.trimEnd().split('\n'))
    .map((line) => Mail.parse(JSON.parse(line)))
    .filter(({ text }) => text.length <= maxCharacters);
}

/** Draws from the groups by their weights, until all are used up. */
function mixed(groups: { mails: Example[]; weight: number }[], random: () => number): Example[] {
  const drawn: Example[] = [];
  for (;;) {
    // As often as its weight says, each group that has some left.
    const tickets = groups.flatMap(({ mails, weight }) =>
      mails.length === 0 ? [] : Array.from({ length: weight }, () => mails),
    );
    const mail = tickets[Math.floor(random() * tickets.length)]?.pop();
    if (!mail) return drawn;
    drawn.push(mail);
  }
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const order = Uint32Array.from(items.keys());
  shuffle(order, random);
  return Array.from(order, (at) => items[at]!);
}
