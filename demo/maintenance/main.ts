import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack } from '../../tools/stack/stack.ts';
import { runLoop } from './loop.ts';
import { readMails, withShuffledLabels } from './mails.ts';
import { plot } from './plot.ts';
import { beginStory } from './timeline.ts';
import { sendMails } from './traffic.ts';
import { MODEL, policy, trainVersion, writeVersion } from './versions.ts';

const help = `Usage: npm run demo:maintenance [-- --out FILE]

Shows how a model is maintained without anybody's help, on real mail and with the whole stack: it goes stale as new kinds of mail come,
alerts fire, it is trained anew with the feedback, and its successor is tried beside it and takes its place; then a
bad version is pushed, and taken back. Takes two to three minutes; the first run installs what the stack needs.

  --out FILE   where the plot goes (default: demo/maintenance/accuracy.svg)

Exit code 1 where any step does not happen within its time limit.
`;

/** Fast enough that a minute is as telling as a day is elsewhere. */
const mailsPerSecond = 10;

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interruption.abort(new Error(`stopped by ${signal}`)));
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: join(import.meta.dirname, 'accuracy.svg') },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'waymark-demo-'));
  try {
    await demonstrate(folder, values.out);
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
  const bad = await trainVersion(join(folder, 'data'), 'shuffled', withShuffledLabels(mails.training));

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
    const story = beginStory(giveUp(stack.failed, signal));
    const traffic = sendMails(stack.urls.service, mails.known, mailsPerSecond);
    story.tell(`${mailsPerSecond} mails a second are answered, and judged by their readers.`);
    try {
      await runLoop({ stack, story, traffic, mails, models, bad });
      await traffic.stop();
    } catch (error) {
      // What failed is known; mails that were under way then may have no answer.
      await traffic.stop().catch(() => {});
      throw error;
    } finally {
      await writeFile(out, plot(traffic.judged, story.events, story.startedAt));
      process.stdout.write(`The plot is in ${out}\n`);
    }
    process.stdout.write(`All of it happened, with ${traffic.judged.length} mails, none of them unanswered.\n`);
  } finally {
    await stack.stop();
  }
}

/** Rejects when a part of the stack has ended, or somebody wants the demonstration to. */
function giveUp(failed: Promise<string>, signal: AbortSignal): Promise<never> {
  const reason = Promise.race([
    failed,
    new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve(String(signal.reason)))),
  ]);
  const rejected = reason.then((message): never => {
    throw new Error(message);
  });
  rejected.catch(() => {});
  return rejected;
}

main().catch((error: Error) => {
  process.stderr.write(`demo:maintenance: ${error.message}\n`);
  process.exitCode = 1;
});
