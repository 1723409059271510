import { execFile } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { writeArtefact } from '../../../src/artefacts/artefact.ts';
import type { RetrainJob } from '../../../src/maintenance/retraining/job.ts';
import { train } from '../../../src/training/train.ts';
import type { TrainingJob } from '../../../src/training/training-job.ts';
import { smallMails } from '../../classifier/small-mails.ts';
import { post } from '../../http/in-process.ts';
import { type ServiceProcess, startProcess } from '../../support/service-process.ts';

/** The folders of a service with one model, `mail`, which was trained from a declared file. */
export interface Folders {
  readonly models: string;
  readonly data: string;
  readonly env: Record<string, string>;
}

/**
 * Trains the model and writes its policy. The retrainings have the usual priority, because on a busy machine they would
 * not finish with a lower one.
 *
 * @param perLabel the number of examples of each label for a retraining; tens of thousands take some seconds
 * @param training other options of the training of version 1
 */
export async function prepareFolders(
  perLabel: number,
  retrain: object = {},
  training: Partial<TrainingJob> = {},
): Promise<Folders> {
  const root = await mkdtemp(join(tmpdir(), 'waymark-retrain-'));
  const [models, data, file] = [join(root, 'models'), join(root, 'data'), join(root, 'train.jsonl')];
  const lines = (count: number) => smallMails(count).map((example) => `${JSON.stringify(example)}\n`);
  await writeFile(file, lines(30).join(''));
  const { manifest, bytes } = await train({
    source: { examples: file },
    name: 'mail',
    version: '1',
    algorithm: 'logistic-regression',
    tokenizer: 'auto',
    seed: 1,
    ...training,
  });
  await writeArtefact(join(models, 'mail', '1'), manifest, bytes);
  await writeFile(file, lines(perLabel).join(''));
  await writeFile(
    join(models, 'mail', 'policy.json'),
    JSON.stringify({ data: '../../train.jsonl', retrain: { niceness: 0, ...retrain } }),
  );
  return { models, data, env: { MODELS_DIR: models, DATA_DIR: data, DEFAULT_MODEL: 'mail' } };
}

/** Starts a service on the folders. The service ends after the test. */
export async function serve({ env }: Folders): Promise<ServiceProcess> {
  const service = await startProcess(env);
  onTestFinished(() => service.kill());
  return service;
}

export async function startRetraining({ url }: ServiceProcess, body: object = {}): Promise<RetrainJob> {
  const response = await post(`${url}/models/mail/retrain`, body);
  const { job } = (await response.json()) as { job: RetrainJob };
  if (response.status !== 202) throw new Error(`${response.status}: ${JSON.stringify(job)}`);
  return job;
}

export async function readJob({ url }: ServiceProcess, { id }: RetrainJob): Promise<RetrainJob> {
  const response = await fetch(`${url}/models/mail/retrain/${id}`);
  return ((await response.json()) as { job: RetrainJob }).job;
}

/** Waits until a job meets a condition. The time limit of the test ends the wait. */
export async function waitForJob(
  service: ServiceProcess,
  job: RetrainJob,
  condition: (job: RetrainJob) => boolean,
): Promise<RetrainJob> {
  for (;;) {
    const current = await readJob(service, job);
    if (condition(current)) return current;
    await delay(20);
  }
}

export const hasEnded = ({ state }: RetrainJob) => state !== 'running';
export const hasStarted = ({ progress }: RetrainJob) => progress.phase !== 'start';

/** Returns the niceness of a job's process; undefined where the process does not run. */
export function nicenessOf(job: RetrainJob): Promise<number | undefined> {
  return readProcessList(job, 'ni');
}

/** Returns the id of a job's process; undefined where the process does not run. */
export function processOf(job: RetrainJob): Promise<number | undefined> {
  return readProcessList(job, 'pid');
}

async function readProcessList({ id }: RetrainJob, column: 'ni' | 'pid'): Promise<number | undefined> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', `${column},args`], { maxBuffer: 1 << 26 });
  const line = stdout.split('\n').find((row) => row.includes('training-process.ts') && row.includes(id));
  return line === undefined ? undefined : Number.parseInt(line, 10);
}

export async function readJobFile({ data }: Folders, { id }: RetrainJob): Promise<string> {
  return readFile(join(data, 'jobs', `${id}.json`), 'utf8');
}
