import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readArtefact } from '../../../src/artefacts/artefact.ts';
import type { RetrainJob } from '../../../src/maintenance/retraining/job.ts';
import { smallMails } from '../../classifier/small-mails.ts';
import { post } from '../../http/in-process.ts';
import {
  hasEnded,
  hasStarted,
  nicenessOf,
  prepareFolders,
  processOf,
  readJob,
  readJobFile,
  serve,
  startRetraining,
  waitForJob,
} from './retrain-service.ts';

/** The examples per label for a training of many seconds. */
const MANY_EXAMPLES = 40_000;

const versionsOf = async (models: string) =>
  (await readdir(join(models, 'mail'))).filter((name) => /^\d/.test(name) || name.startsWith('.')).sort();

const waitForProcessEnd = async (job: RetrainJob) => {
  while ((await nicenessOf(job)) !== undefined) await delay(50);
};

test('a retraining learns from the data and from feedback, and its version becomes shadow', async () => {
  const folders = await prepareFolders(400);
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

  const ended = await waitForJob(service, job, hasEnded);
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

  // The log records of the job have its trace id, and no record holds the texts.
  await delay(200);
  const messages = service.lines.filter(({ trace_id }) => trace_id === job.traceId).map(({ msg }) => msg);
  expect(messages).toEqual(['retraining started', 'model loaded', 'model changed', 'retraining ended']);
  expect(JSON.stringify(service.lines)).not.toContain('quarterly');
  expect(await readJobFile(folders, job)).not.toContain('quarterly');
}, 60_000);

test.each<[string, object, object]>([
  ['keeps the algorithm, the tokenizer and the test share of the active version', {}, { testShare: 0.25 }],
  ['uses those of the policy', { algorithm: 'auto', testShare: 0.5 }, { testShare: 0.5, all: true }],
])(
  'a retraining %s',
  async (_, retrain, expected) => {
    const kept = { algorithm: 'complement-naive-bayes', tokenizer: 'segmenter', testShare: 0.25 } as const;
    const folders = await prepareFolders(100, retrain, kept);
    const service = await serve(folders);
    const { version } = await waitForJob(service, await startRetraining(service), hasEnded);
    const { manifest } = await readArtefact(join(folders.models, 'mail', version!));
    const candidates = manifest.training.candidates.map(({ algorithm }) => algorithm);
    if ('all' in expected) expect(candidates).toHaveLength(5);
    else expect(candidates).toEqual(['complement-naive-bayes']);
    expect(manifest).toMatchObject({ features: { tokenizer: 'segmenter' } });
    expect(manifest.training.testShare).toBe((expected as { testShare: number }).testShare);
    // The evaluation of both versions is the same procedure, so that they can be compared.
    const active = await readArtefact(join(folders.models, 'mail', '1'));
    expect(manifest.evaluation.method).toBe(active.manifest.evaluation.method);
  },
  60_000,
);

test('a policy can declare several files, and the names of their fields', async () => {
  const folders = await prepareFolders(30);
  const rows = smallMails(30).map(({ text, label }) => `"${text}",${label}\n`);
  const half = rows.length / 2;
  await writeFile(join(folders.models, 'one.csv'), `body,topic\n${rows.slice(0, half).join('')}`);
  await writeFile(join(folders.models, 'two.csv'), `body,topic\n${rows.slice(half).join('')}`);
  const declared = { data: ['../one.csv', '../two.csv'], textField: 'body', labelField: 'topic' };
  await writeFile(
    join(folders.models, 'mail', 'policy.json'),
    JSON.stringify({ ...declared, retrain: { niceness: 0 } }),
  );
  const service = await serve(folders);
  const ended = await waitForJob(service, await startRetraining(service), hasEnded);
  expect(ended).toMatchObject({ state: 'succeeded', version: '2', documents: 60 });
}, 60_000);

test('a model has one retraining at a time, and each process of the folder can show and cancel it', async () => {
  const folders = await prepareFolders(MANY_EXAMPLES);
  const [one, other] = await Promise.all([serve(folders), serve(folders)]);
  const job = await startRetraining(one);
  await waitForJob(other, job, hasStarted);
  for (const service of [one, other]) {
    const second = await post(`${service.url}/models/mail/retrain`, {});
    expect(second.status).toBe(409);
    const problem = (await second.json()) as { type: string; detail: string };
    expect(problem).toMatchObject({ type: 'urn:waymark:problem:retrain-running' });
    expect(problem.detail).toContain(job.id);
  }
  const cancelled = await fetch(`${other.url}/models/mail/retrain/${job.id}`, { method: 'DELETE' });
  expect(await cancelled.json()).toMatchObject({ job: { id: job.id, state: 'cancelled', failure: null } });
  await waitForProcessEnd(job);

  const again = await startRetraining(other);
  const own = await fetch(`${other.url}/models/mail/retrain/${again.id}`, { method: 'DELETE' });
  expect(await own.json()).toMatchObject({ job: { state: 'cancelled' } });
  await waitForProcessEnd(again);
  const { jobs } = (await (await fetch(`${one.url}/models/mail/retrain`)).json()) as { jobs: object[] };
  expect(jobs).toMatchObject([
    { id: again.id, state: 'cancelled' },
    { id: job.id, state: 'cancelled' },
  ]);
  expect(await versionsOf(folders.models)).toEqual(['1']);
}, 60_000);

test('a training above its memory limit ends, and the job fails with the limit', async () => {
  const folders = await prepareFolders(MANY_EXAMPLES, { maxMemoryMB: 120 });
  const service = await serve(folders);
  const job = await waitForJob(service, await startRetraining(service), hasEnded);
  expect(job).toMatchObject({ state: 'failed', version: null, failure: { reason: 'memory' } });
  expect(job.failure?.detail).toContain('120 MB');
  await waitForProcessEnd(job);
  expect(await versionsOf(folders.models)).toEqual(['1']);
}, 60_000);

test('a training that the system kills fails for want of memory, and it is the first process that the system kills', async () => {
  const folders = await prepareFolders(MANY_EXAMPLES);
  const service = await serve(folders);
  const job = await startRetraining(service);
  await waitForJob(service, job, hasStarted);
  const pid = (await processOf(job))!;
  if (process.platform === 'linux') {
    expect((await readFile(`/proc/${pid}/oom_score_adj`, 'utf8')).trim()).toBe('1000');
  }
  process.kill(pid, 'SIGKILL');
  expect(await waitForJob(service, job, hasEnded)).toMatchObject({
    state: 'failed',
    version: null,
    failure: { reason: 'memory', detail: 'The training process was killed, as the system does when memory runs out.' },
  });
  expect(await versionsOf(folders.models)).toEqual(['1']);
}, 60_000);

test('kill -9 of the service ends the training too, and after the next start the job is interrupted', async () => {
  const folders = await prepareFolders(MANY_EXAMPLES);
  const service = await serve(folders);
  const job = await startRetraining(service);
  await waitForJob(service, job, hasStarted);
  expect(await nicenessOf(job)).toBe(0);
  service.kill();
  await service.exited;
  await waitForProcessEnd(job);
  expect(await versionsOf(folders.models)).toEqual(['1']);

  const next = await serve(folders);
  const interrupted = await readJob(next, job);
  expect(interrupted).toMatchObject({ state: 'failed', failure: { reason: 'interrupted' } });
  expect(interrupted.endedAt).not.toBeNull();
  // The interrupted job does not block another one.
  await startRetraining(next);
}, 60_000);

test('a training has the configured niceness, and a stopped service interrupts it', async () => {
  const folders = await prepareFolders(MANY_EXAMPLES, { niceness: 3 });
  const service = await serve(folders);
  const job = await startRetraining(service);
  await waitForJob(service, job, hasStarted);
  expect(await nicenessOf(job)).toBe(3);
  expect(await service.stop()).toBe(0);
  await waitForProcessEnd(job);
  expect(JSON.parse(await readJobFile(folders, job))).toMatchObject({
    state: 'failed',
    failure: { reason: 'interrupted', detail: 'The service was stopped.' },
  });
}, 60_000);

test('invalid training data fail the job with the reason', async () => {
  const folders = await prepareFolders(30);
  await writeFile(join(folders.models, '..', 'train.jsonl'), '{"text":"secret words","label":"ham"}\nsecret\n');
  const service = await serve(folders);
  const job = await waitForJob(service, await startRetraining(service), hasEnded);
  expect(job).toMatchObject({ state: 'failed', failure: { reason: 'data' } });
  expect(job.failure?.detail).toMatch(/line 2: this is not valid JSON/);
  expect(JSON.stringify(job)).not.toContain('secret');
}, 60_000);
