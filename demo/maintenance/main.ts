import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack } from '../../tools/stack/stack.ts';
import { runLoop } from './loop.ts';
import { readMails, withShuffledLabels } from './mails.ts';
import { plot } from './plot.ts';
import { rejectOnFailure, startTimeline } from './timeline.ts';
import { sendMails } from './traffic.ts';
import { MODEL, policy, trainVersion, writeVersion } from './versions.ts';

const HELP = `Usage: npm run demo:maintenance [-- --out FILE] [--write]

Shows the automatic maintenance of a model, on real mail and with the whole stack. New kinds of mail come and the accuracy
falls; alerts fire; the model is retrained with the feedback; the new version is tried as shadow and canary and becomes
active. Then a bad version is activated by hand and rolled back. The demonstration takes two to three minutes. The first
run installs the programs of the stack.

  --out FILE   the file for the plot (default: data/demo/maintenance.svg); the steps are written beside it, as .txt
  --write      replace the picture of docs/maintenance.md, if all steps happened

The exit code is 1 if a step does not happen within its time limit.
`;

/** The picture that docs/maintenance.md shows. */
const PICTURE = join(import.meta.dirname, 'accuracy.svg');

/** The rate is so high that a minute has as many mails as a day elsewhere. */
const MAILS_PER_SECOND = 10;

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interruption.abort(new Error(`stopped by ${signal}`)));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: 'data/demo/maintenance.svg' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'waymark-demo-'));
  try {
    await mkdir(dirname(values.out), { recursive: true });
    await demonstrate(folder, values.out);
    if (values.write) {
      await copyFile(values.out, PICTURE);
      process.stdout.write(`Replaced ${PICTURE}\n`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function demonstrate(folder: string, out: string): Promise<void> {
  const { signal } = interruption;
  const models = join(folder, 'models');
  process.stdout.write('Training version 1 on the groups easy-ham-1 and spam-1 of the SpamAssassin corpus\n');
  const mails = await readMails(join(folder, 'corpus'));
  const first = await trainVersion(join(folder, 'data'), '1', mails.training);
  await writeVersion(models, first);
  await writeFile(join(models, MODEL, 'policy.json'), JSON.stringify(policy('../../data/1.jsonl')));
  const badVersion = await trainVersion(join(folder, 'data'), 'shuffled', withShuffledLabels(mails.training));

  const serviceEnv = { MODELS_DIR: models, DEFAULT_MODEL: MODEL };
  const stack = await startStack({
    folder: join(folder, 'stack'),
    ports: 'free',
    pace: 'fast',
    output: process.stdout,
    signal,
    serviceEnv,
  });
  try {
    const timeline = startTimeline(rejectOnFailure(stack.failed, signal));
    const traffic = sendMails(stack.urls.service, mails.known, MAILS_PER_SECOND);
    timeline.log(`${MAILS_PER_SECOND} mails per second are classified, and their true labels are sent as feedback.`);
    try {
      await runLoop({ stack, timeline, traffic, mails, models, badVersion });
      await traffic.stop();
    } catch (error) {
      // The first error counts; mails in flight may fail because of it.
      await traffic.stop().catch(() => {});
      throw error;
    } finally {
      const steps = `${out.replace(/\.svg$/, '')}.txt`;
      await writeFile(out, plot(traffic.answers, timeline.events, timeline.startedAt));
      await writeFile(steps, timeline.lines.map((line) => `${line}\n`).join(''));
      process.stdout.write(`The plot is in ${out}, the steps are in ${steps}\n`);
    }
    process.stdout.write(`All steps happened. All of ${traffic.answers.length} mails were answered.\n`);
  } finally {
    await stack.stop();
  }
}

main().catch((error: Error) => {
  process.stderr.write(`demo:maintenance: ${error.message}\n`);
  process.exitCode = 1;
});
