import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Example, readExamples } from '../../src/training/read-examples.ts';
import { cacheFolder } from '../../tools/cache-folder.ts';
import { run } from './python-environment.ts';

const PROJECT = join(import.meta.dirname, '../..');
/** So many mails are sent, again and again. */
const MAILS = 400;

/** The mails of the SpamAssassin corpus: what everyone learns from, and what everyone is sent. */
export interface Mails {
  readonly train: string;
  readonly test: string;
  /** Some of the held-out ones, evenly spread, whole. */
  readonly sent: readonly Example[];
}

/** Reads the mails, and brings the corpus first where it is not in the cache yet. */
export async function readMails(): Promise<Mails> {
  const folder = join(cacheFolder('spam-assassin'), '0.2.3');
  const [train, test] = [join(folder, 'train.jsonl'), join(folder, 'test.jsonl')];
  if (!existsSync(train) || !existsSync(test)) await run(process.execPath, [join(PROJECT, 'tools/corpus/main.ts')]);
  const examples: Example[] = [];
  await readExamples(test, (example) => examples.push(example));
  const step = examples.length / MAILS;
  return { train, test, sent: Array.from({ length: MAILS }, (_, at) => examples[Math.floor(at * step)]!) };
}
