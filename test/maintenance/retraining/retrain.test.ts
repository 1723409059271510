import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readArtefact } from '../../../src/artefacts/artefact.ts';
import type { RetrainJob } from '../../../src/maintenance/retraining/job.ts';
import { post } from '../../http/in-process.ts';
import {
  hasBegun,
  hasEnded,
  jobFile,
  nicenessOf,
  prepare,
  serve,
  show,
  startRetraining,
  until,
} from './retrain-service.ts';

/** Enough for a training of many seconds. */
const LONG = 40_000;

const versionsOf = async (models: string) =>
  (await readdir(join(models, 'mail'))).filter((name) => /^\d/.test(name) || name.startsWith('.')).sort();

const gone = async (job: RetrainJob) => {
  while ((await nicenessOf(job)) !== undefined) await delay(50);
};

test('a retraining learns from the data and from feedback, and its version enters as shadow', async () => {
  const folders = await prepare(400);
  const service = await serve(folders);
  const text = 'quarterly turbine maintenance schedule';
  const predicted = await post(`${service.url}/predict`, { text });
  const { id } = (await predicted.json()) as { id: string };
  await post(`${service.url}/feedback`, { id, label: 'spam', text });

  const response = await post(`${service.url}/models/mail/retrain`, { why: 'turbines are new' });
  expect(response.status).toBe(202);
  const { job } = (await response.json()) as { job: RetrainJob };
  expect(response.headers.get('location')).toBe(`/models/mail/retrain/${job.id}`);
  expect(job).toMatchObject({ model: 'mail', state: 'running', who: 'api', why: 'turbines are new' });

  const ended = await until(service, job, hasEnded);
  expect(ended).toMatchObject({
    state: 'succeeded',
    progress: { phase: 'write', done: 1 },
    version: '2',
    feedback: { given: 1, documents: 1 },
    failure: null,
  });
  const model = (await (await fetch(`${service.url}/models/mail`)).json()) as object;
  expect(model).toMatchObject({ active: '1', shadow: '2', retrain: { id: job.id, state: 'succeeded' } });
  const { manifest, classifier } = await readArtefact(join(folders.models, 'mail', '2'));
  expect(classifier.score(classifier.tokenize('turbine')).label).toBe('spam');
  expect(manifest.training.documents).toBe(ended.documents);

  // It is followed in a trace of its own, and what was learnt is told nowhere.
  await delay(200);
  const said = service.lines.filter(({ trace_id }) => trace_id === job.traceId).map(({ msg }) => msg);
  expect(said).toEqual(['retraining started', 'model loaded', 'model changed', 'retraining ended']);
  expect(JSON.stringify(service.lines)).not.toContain('quarterly');
  expect(await jobFile(folders, job)).not.toContain('quarterly');
}, 60_000);

test('one at a time; any process of the folder shows it, and cancels it', async () => {
  const folders = await prepare(LONG);
  const [one, other] = await Promise.all([serve(folders), serve(folders)]);
  const job = await startRetraining(one);
  await until(other, job, hasBegun);
  for (const service of [one, other]) {
    const second = await post(`${service.url}/models/mail/retrain`, {});
    expect(second.status).toBe(409);
    const problem = (await second.json()) as { type: string; detail: string };
    expect(problem).toMatchObject({ type: 'urn:waymark:problem:retrain-running' });
    expect(problem.detail).toContain(job.id);
  }
  const cancelled = await fetch(`${other.url}/models/mail/retrain/${job.id}`, { method: 'DELETE' });
  expect(await cancelled.json()).toMatchObject({ job: { id: job.id, state: 'cancelled', failure: null } });
  await gone(job);

  const again = await startRetraining(other);
  const own = await fetch(`${other.url}/models/mail/retrain/${again.id}`, { method: 'DELETE' });
  expect(await own.json()).toMatchObject({ job: { state: 'cancelled' } });
  await gone(again);
  const { jobs } = (await (await fetch(`${one.url}/models/mail/retrain`)).json()) as { jobs: object[] };
  expect(jobs).toMatchObject([
    { id: again.id, state: 'cancelled' },
    { id: job.id, state: 'cancelled' },
  ]);
  expect(await versionsOf(folders.models)).toEqual(['1']);
}, 60_000);

test('a training that takes more memory than allowed is ended, and the job says so', async () => {
  const folders = await prepare(LONG, { maxMemoryMB: 120 });
  const service = await serve(folders);
  const job = await until(service, await startRetraining(service), hasEnded);
  expect(job).toMatchObject({ state: 'failed', version: null, failure: { reason: 'memory' } });
  expect(job.failure?.detail).toContain('120 MB');
  await gone(job);
  expect(await versionsOf(folders.models)).toEqual(['1']);
}, 60_000);

test('kill -9 of the service ends the training too, and the next start shows it as interrupted', async () => {
  const folders = await prepare(LONG);
  const service = await serve(folders);
  const job = await startRetraining(service);
  await until(service, job, hasBegun);
  expect(await nicenessOf(job)).toBe(0);
  service.kill();
  await service.exited;
  await gone(job);
  expect(await versionsOf(folders.models)).toEqual(['1']);

  const next = await serve(folders);
  const shown = await show(next, job);
  expect(shown).toMatchObject({ state: 'failed', failure: { reason: 'interrupted' } });
  expect(shown.endedAt).not.toBeNull();
  // Nothing of it is in the way of another.
  await startRetraining(next);
}, 60_000);

test('a training gives way as told; a service that is stopped ends it, and says so', async () => {
  const folders = await prepare(LONG, { niceness: 3 });
  const service = await serve(folders);
  const job = await startRetraining(service);
  await until(service, job, hasBegun);
  expect(await nicenessOf(job)).toBe(3);
  expect(await service.stop()).toBe(0);
  await gone(job);
  expect(JSON.parse(await jobFile(folders, job))).toMatchObject({
    state: 'failed',
    failure: { reason: 'interrupted', detail: 'The service was stopped.' },
  });
}, 60_000);

test('data that cannot be learned from fail the job with the reason', async () => {
  const folders = await prepare(30);
  await writeFile(join(folders.models, '..', 'train.jsonl'), '{"text":"secret words","label":"ham"}\nsecret\n');
  const service = await serve(folders);
  const job = await until(service, await startRetraining(service), hasEnded);
  expect(job).toMatchObject({ state: 'failed', failure: { reason: 'data' } });
  expect(job.failure?.detail).toMatch(/line 2: this is no JSON/);
  expect(JSON.stringify(job)).not.toContain('secret');
}, 60_000);
