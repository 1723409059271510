import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createRandom, shuffle } from '../../../src/classifier/learning/random.ts';
import { type Example, readExamples } from '../../../src/training/read-examples.ts';

/** The longest mail that is used. The service rejects texts of more than 100,000 characters. */
const MAX_CHARACTERS = 50_000;

/**
 * Returns real mails with their labels from the corpus. The mails that the bundled model was not trained on come first.
 * The mails are shuffled: the corpus is sorted by label, so that a part of it would be a drift.
 */
export async function labelledMails(count: number): Promise<Example[]> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-corpus-'));
  try {
    await promisify(execFile)('npm', ['run', '--silent', 'corpus', '--', '--out', folder]);
    const mails: Example[] = [];
    for (const part of ['test', 'train']) mails.push(...(await shuffled(join(folder, `${part}.jsonl`))));
    return mails.slice(0, count);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function shuffled(path: string): Promise<Example[]> {
  const mails: Example[] = [];
  await readExamples(path, (mail) => {
    if (mail.text.length <= MAX_CHARACTERS) mails.push(mail);
  });
  const order = Uint32Array.from(mails.keys());
  shuffle(order, createRandom(1));
  return Array.from(order, (at) => mails[at]!);
}
