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
import { smallMails } from '../../classifier/small-mails.ts';
import { post } from '../../http/in-process.ts';
import { type ServiceProcess, startProcess } from '../../support/service-process.ts';

/** Folders of a service with one model, `mail`, that was trained from a declared file. */
export interface Folders {
  readonly models: string;
  readonly data: string;
  readonly env: Record<string, string>;
}

/**
 * The trainings give way to nobody: on a busy machine they would not get to an end.
 *
 * @param perLabel how many examples of each label the model is retrained from: with tens of thousands it takes a while
 */
export async function prepare(perLabel: number, retrain: object = {}): Promise<Folders> {
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
  });
  await writeArtefact(join(models, 'mail', '1'), manifest, bytes);
  await writeFile(file, lines(perLabel).join(''));
  await writeFile(
    join(models, 'mail', 'policy.json'),
    JSON.stringify({ data: '../../train.jsonl', retrain: { niceness: 0, ...retrain } }),
  );
  return { models, data, env: { MODELS_DIR: models, DATA_DIR: data, DEFAULT_MODEL: 'mail' } };
}

/** Starts a service on them; it ends after the test. */
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

export async function show({ url }: ServiceProcess, { id }: RetrainJob): Promise<RetrainJob> {
  const response = await fetch(`${url}/models/mail/retrain/${id}`);
  return ((await response.json()) as { job: RetrainJob }).job;
}

/** Waits until a job is as told; the test's own limit ends the wait. */
export async function until(
  service: ServiceProcess,
  job: RetrainJob,
  is: (job: RetrainJob) => boolean,
): Promise<RetrainJob> {
  for (;;) {
    const now = await show(service, job);
    if (is(now)) return now;
    await delay(20);
  }
}

export const hasEnded = ({ state }: RetrainJob) => state !== 'running';
/** Its process is at work. */
export const hasBegun = ({ progress }: RetrainJob) => progress.phase !== 'start';

/** How nice the process of a job is; undefined where there is none. */
export async function nicenessOf({ id }: RetrainJob): Promise<number | undefined> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'ni,args'], { maxBuffer: 1 << 26 });
  const line = stdout.split('\n').find((one) => one.includes('training-process.ts') && one.includes(id));
  return line === undefined ? undefined : Number.parseInt(line, 10);
}

export async function jobFile({ data }: Folders, { id }: RetrainJob): Promise<string> {
  return readFile(join(data, 'jobs', `${id}.json`), 'utf8');
}
