import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { downloadMiniLm } from '../../bench/models/encoder-weights.ts';
import { freePorts } from '../../tools/stack/ports.ts';
import { start } from '../../tools/stack/processes.ts';
import { serviceComponent } from '../../tools/stack/start-command.ts';
import { withShuffledLabels } from '../maintenance/mails.ts';
import { rejectOnFailure, startTimeline } from '../maintenance/timeline.ts';
import { sendMails } from '../maintenance/traffic.ts';
import { runLoop } from './loop.ts';
import { bankingFolder, readQuestions } from './questions.ts';
import { MODEL, policy, trainVersion, writeVersion } from './versions.ts';

const HELP = `Usage: npm run demo:encoder [-- --encoder FOLDER]

Shows the maintenance of a model on its way from linear to transformer. A linear version of few examples answers real questions
of customers (banking77). A version with an encoder becomes its shadow; the policy judges both on the same traffic, makes it
the canary and then active. Then a bad version is activated by hand and rolled back. It takes one to two minutes.

  --encoder FOLDER   the folder of an encoder (default: all-MiniLM-L6-v2, 23 MB, which the first run downloads)

It needs banking77 in WAYMARK_DATA, and the packages of "npm run runtimes -- install". The exit code is 1 if a step does not
happen within its time limit.
`;

const QUESTIONS_PER_SECOND = 20;

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interruption.abort(new Error(`stopped by ${signal}`)));
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { encoder: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const banking = bankingFolder();
  if (!existsSync(join(banking, 'test.jsonl')))
    throw new Error(`there is no banking77 in ${banking}; set WAYMARK_DATA`);
  const folder = await mkdtemp(join(tmpdir(), 'waymark-demo-'));
  try {
    await demonstrate(folder, banking, values.encoder ?? (await downloadMiniLm()));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function demonstrate(folder: string, banking: string, encoder: string): Promise<void> {
  const { signal } = interruption;
  const [models, data] = [join(folder, 'models'), join(folder, 'examples')];
  const questions = await readQuestions(banking);
  process.stdout.write(`Training on ${questions.training.length} examples\n`);
  await writeVersion(models, await trainVersion(data, '1', questions.training));
  await writeFile(join(models, MODEL, 'policy.json'), JSON.stringify(policy));
  const candidate = await trainVersion(data, '2', questions.training, encoder);
  const badVersion = await trainVersion(data, '3', withShuffledLabels(questions.training));
  await mkdir(join(folder, 'data'));
  const ports = await freePorts();
  const service = `http://127.0.0.1:${ports.service}`;
  const env = { MODELS_DIR: models, DATA_DIR: join(folder, 'data'), DEFAULT_MODEL: MODEL };
  const running = await start(serviceComponent(ports, env), join(folder, 'service.log'), signal);
  try {
    const timeline = startTimeline(rejectOnFailure(running.exited, signal));
    const traffic = sendMails(service, questions.traffic, QUESTIONS_PER_SECOND);
    timeline.log(
      `${QUESTIONS_PER_SECOND} questions per second are classified, and their true labels are sent as feedback.`,
    );
    try {
      await runLoop({ service, models, timeline, traffic, candidate, encoder, badVersion });
      await traffic.stop();
    } catch (error) {
      // The first error counts; questions in flight may fail because of it.
      await traffic.stop().catch(() => {});
      throw error;
    }
    process.stdout.write(`All steps happened. All of ${traffic.answers.length} questions were answered.\n`);
  } finally {
    await running.stop();
  }
}

main().catch((error: Error) => {
  process.stderr.write(`demo:encoder: ${error.message}\n`);
  process.exitCode = 1;
});
