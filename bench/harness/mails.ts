import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Example, readExamples } from '../../src/training/read-examples.ts';
import { CORPUS_TEXTS_FOLDER } from '../../tools/corpus/download.ts';
import { run } from './python-environment.ts';

const PROJECT = join(import.meta.dirname, '../..');
/** The number of mails that are sent, in a cycle. */
const MAILS = 400;

/** The mails of the SpamAssassin corpus. */
export interface Mails {
  /** The path of the mails to learn from. */
  readonly train: string;
  /** The path of the held-out mails. */
  readonly test: string;
  /** An evenly spread sample of the held-out mails, to be sent. */
  readonly sent: readonly Example[];
}

/** Reads the mails of the corpus. Downloads the corpus if it is not in the cache. */
export async function readMails(): Promise<Mails> {
  const [train, test] = [join(CORPUS_TEXTS_FOLDER, 'train.jsonl'), join(CORPUS_TEXTS_FOLDER, 'test.jsonl')];
  if (!existsSync(train) || !existsSync(test)) await run(process.execPath, [join(PROJECT, 'tools/corpus/main.ts')]);
  const examples: Example[] = [];
  await readExamples(test, (example) => examples.push(example));
  const step = examples.length / MAILS;
  return { train, test, sent: Array.from({ length: MAILS }, (_, at) => examples[Math.floor(at * step)]!) };
}
