import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSetting } from '../../src/platform/config.ts';
import { readEncoder, settingsOf } from '../../src/runtimes/encoder-files.ts';
import { COMMAND_LIMITS, createEngines, type EngineUse } from '../../src/runtimes/onnx/engines.ts';
import { smallMails } from '../classifier/small-mails.ts';
import { runCli } from '../cli/run-cli.ts';
import { post } from '../http/in-process.ts';
import { scrape } from '../support/openmetrics.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';
import { hasRuntimes } from './installed.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/encoder');
const ENCODER = join(FIXTURES, 'sentence-encoder');
const CLASSIFIER = join(FIXTURES, 'sequence-classifier');
const SPAM = 'the free money about winner and prize number 1';
const LABELS = ['ham', 'news', 'spam'] as const;

let root: string;
let models: string;
let data: string;

/** Trains three versions of one model: linear, both together, and a cascade that sends half of the texts on. */
beforeAll(async () => {
  if (!hasRuntimes) return;
  root = await mkdtemp(join(tmpdir(), 'waymark-encoder-'));
  models = join(root, 'models');
  data = join(root, 'train.jsonl');
  const lines = smallMails(30, LABELS).map((example) => `${JSON.stringify(example)}\n`);
  await writeFile(data, lines.join(''));
  const train = ['--data', data, '--model', 'mail', '--models', models];
  for (const options of [[], ['--encoder', ENCODER], ['--encoder', ENCODER, '--cascade', '0.5']]) {
    const { code, stderr } = await runCli('train', [...train, ...options]);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
  }
}, 120_000);

describe.runIf(hasRuntimes)('an engine', () => {
  let use: EngineUse;

  beforeAll(async () => {
    const engines = createEngines(readSetting('RUNTIMES_DIR'), COMMAND_LIMITS);
    const source = await readEncoder(ENCODER);
    use = await engines.open('fixture', async () => settingsOf(source, 'embedding'));
  });

  afterAll(() => use.close());

  const texts = ['meeting', 'the free money about winner', 'unknown', '', 'court, storm. '.repeat(20)];

  test('gives a text the same embedding alone and beside longer ones', async () => {
    const alone: Float32Array[] = [];
    for (const text of texts) alone.push((await use.engine.encode(text, { queue: 'a' })).output);
    const together = await Promise.all(texts.map((text) => use.engine.encode(text, { queue: 'a' })));
    for (const [at, { output }] of together.entries()) {
      expect(Math.hypot(...output)).toBeCloseTo(1, 6);
      for (const [dimension, value] of output.entries()) expect(value).toBeCloseTo(alone[at]![dimension]!, 5);
    }
  });

  test('counts the tokens of a text, and those that it does not know', async () => {
    const { tokens, unknownTokens } = await use.engine.encode('The meeting zzz', { queue: 'a' });
    expect([tokens, unknownTokens]).toEqual([3, 1]);
  });

  test.runIf(process.platform === 'linux')('works at a lower priority than the thread that answers', () => {
    const niceness = (thread: string | number) =>
      Number(readFileSync(`/proc/self/task/${thread}/stat`, 'utf8').split(') ')[1]!.split(' ')[16]);
    expect(readdirSync('/proc/self/task').map(niceness)).toContain(niceness(process.pid) + 5);
  });

  test('cuts a text at the length of the encoder', async () => {
    expect((await use.engine.encode('meeting '.repeat(5_000), { queue: 'a' })).tokens).toBe(30);
  });
});

describe.runIf(hasRuntimes)('the commands', () => {
  test('classify with a version that has an encoder', async () => {
    const { stdout } = await runCli('classify', [
      '--model',
      'mail@2',
      '--models',
      models,
      '--json',
      '--explain',
      '3',
      SPAM,
    ]);
    const answer = JSON.parse(stdout) as { prediction: string; scores: Record<string, number>; explanation: unknown[] };
    expect(answer.prediction).toBe('spam');
    expect(Object.values(answer.scores).reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
    expect(answer.explanation).toHaveLength(3);
  });

  test('compare versions of different runtimes on the same texts', async () => {
    const { stdout } = await runCli('evaluate', [
      '--compare',
      'mail@1',
      'mail@2',
      '--models',
      models,
      '--data',
      data,
      '--json',
    ]);
    const { versions } = JSON.parse(stdout) as { versions: { accuracy: number; secondsPerText: { p50: number } }[] };
    expect(versions[1]!.accuracy).toBeGreaterThan(0.95);
    expect(versions[1]!.secondsPerText.p50).toBeGreaterThan(versions[0]!.secondsPerText.p50);
  });

  test('train with the encoder alone, and say what it gains', async () => {
    const args = ['--data', data, '--model', 'alone', '--models', models, '--encoder', ENCODER, '--encoder-only'];
    const { code, stdout } = await runCli('train', args);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/encoder gains -?\d+\.\d points of accuracy/)]);
  });

  test('import a fine-tuned classifier, with and without data', async () => {
    const args = ['--from', CLASSIFIER, '--model', 'imported', '--models', models, '--json'];
    const plain = await runCli('import-onnx', args);
    expect(JSON.parse(plain.stdout)).toMatchObject({ labels: ['ham', 'news', 'spam'], evaluation: { method: 'none' } });
    const calibrated = await runCli('import-onnx', [...args, '--calibrate', data]);
    const { evaluation } = JSON.parse(calibrated.stdout) as { evaluation: Record<string, number> };
    expect(evaluation).toMatchObject({ method: 'held-out', count: 90 });
    expect(evaluation['accuracy']).toBeGreaterThan(0.95);
    expect(evaluation['expectedCalibrationError']).toBeLessThan(0.1);
    const { stdout } = await runCli('classify', ['--model', 'imported@2', '--models', models, '--json', SPAM]);
    expect(JSON.parse(stdout)).toMatchObject({ prediction: 'spam' });
  });

  test('refuse a folder without an encoder in one line', async () => {
    const args = ['--data', data, '--model', 'mail', '--models', models, '--encoder', root];
    const { code, stderr } = await runCli('train', args);
    expect([code, stderr]).toEqual([65, expect.stringMatching(/^train: .* has no model\.onnx: [^\n]*\n$/)]);
  });
});

describe.runIf(hasRuntimes)('a service', () => {
  let receiver: OtlpReceiver;
  let service: ServiceProcess;

  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    service = await startProcess({
      MODELS_DIR: models,
      DEFAULT_MODEL: 'mail',
      ENCODER_MAX_WAITING: '32',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: '50',
    });
  }, 60_000);

  afterAll(async () => {
    await service.stop();
    await receiver.close();
  });

  const predict = async (text: string, model: string) => {
    const response = await post(`${service.url}/predict`, { text, model });
    return { response, answer: (await response.json()) as { id: string; prediction: string; traceId: string } };
  };
  const spansOf = async (traceId: string, count: number) => {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const spans = receiver.spans.filter((span) => span.traceId === traceId);
      if (spans.length >= count) return spans;
      await delay(50);
    }
    throw new Error(`the trace has fewer than ${count} spans`);
  };

  test('answers with both steps in one trace, and takes feedback', async () => {
    // The first request for the version loads it.
    await predict(SPAM, 'mail@2');
    const { response, answer } = await predict(SPAM, 'mail@2');
    expect([response.status, answer.prediction]).toEqual([200, 'spam']);
    const spans = await spansOf(answer.traceId, 7);
    const names = spans.map(({ name }) => name).sort();
    expect(names).toEqual(['POST /predict', 'classify', 'encode', 'score', 'score', 'tokenize', 'tokenize']);
    const { attributes } = spans.find(({ name }) => name === 'encode')!;
    expect(attributes).toEqual({ 'classifier.encode.batch_size': 1, 'classifier.encode.wait': expect.any(Number) });
    const feedback = await post(`${service.url}/feedback`, { id: answer.id, label: 'ham' });
    expect(await feedback.json()).toMatchObject({ correct: false, prediction: 'spam' });
  });

  test('answers a batch in its order, although it is larger than the queue', async () => {
    const texts = smallMails(30, LABELS);
    const response = await post(`${service.url}/predict/batch`, {
      texts: texts.map(({ text }) => text),
      model: 'mail@2',
    });
    const { predictions } = (await response.json()) as { predictions: { prediction: string }[] };
    const correct = predictions.filter(({ prediction }, at) => prediction === texts[at]!.label);
    expect([response.status, predictions.length]).toEqual([200, 90]);
    expect(correct.length).toBeGreaterThan(85);
  });

  test('explains, and speaks the Open Inference Protocol', async () => {
    const explained = await post(`${service.url}/predict?explain=true`, { text: SPAM, model: 'mail@2' });
    const { explanation } = (await explained.json()) as { explanation: { feature: string }[] };
    expect(explanation.map(({ feature }) => feature)).toContain('(encoder)');
    const inputs = [{ name: 'text', shape: [1], datatype: 'BYTES', data: [SPAM] }];
    const inferred = await post(`${service.url}/v2/models/mail/versions/2/infer`, { inputs });
    expect(JSON.stringify(await inferred.json())).toContain('"spam"');
  });

  test('counts the texts that a cascade sends on', async () => {
    for (const { text } of smallMails(10, LABELS)) await predict(text, 'mail@3');
    const family = (await scrape(service.metricsUrl)).get('classifier_escalations')!;
    expect(family.help).toBe('Texts that a cascade sent on to its encoder');
    const escalated = receiver.spans.filter(({ name }) => name === 'encode').length;
    expect(escalated).toBeGreaterThan(0);
  });

  test('lets an encoder score in the shadow of a linear model', async () => {
    await post(`${service.url}/models/mail/shadow`, { version: '2' });
    const { answer } = await predict(SPAM, 'mail');
    const [span] = await spansOf(answer.traceId, 4).then((spans) => spans.filter(({ name }) => name === 'classify'));
    expect(span!.attributes).toMatchObject({ 'classifier.shadow.version': '2', 'classifier.shadow.label': 'spam' });
  });

  test('answers or refuses each text of a flood, and the linear model answers beside it', async () => {
    const flood = Array.from({ length: 200 }, (_, at) => predict(`${SPAM} ${at}`, 'mail@2'));
    const beside = await predict(SPAM, 'mail@1');
    const statuses = (await Promise.all(flood)).map(({ response }) => response.status);
    expect(beside.response.status).toBe(200);
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([]);
    expect((await predict(SPAM, 'mail@2')).response.status).toBe(200);
  });

  test('retrains a version with its encoder', async () => {
    await post(`${service.url}/models/mail/activate`, { version: '2' });
    const started = await post(`${service.url}/models/mail/retrain`, {});
    const job = new URL(started.headers.get('location')!, service.url);
    let state = 'running';
    let version: string | null = null;
    while (state === 'running') {
      await delay(100);
      ({ state, version } = ((await (await fetch(job)).json()) as { job: { state: string; version: string } }).job);
    }
    expect(state).toBe('succeeded');
    const { answer } = await predict(SPAM, `mail@${version}`);
    expect(answer.prediction).toBe('spam');
    const described = (await (await fetch(`${service.url}/models/mail`)).json()) as {
      versions: { version: string; algorithm: string }[];
    };
    expect(described.versions.find((one) => one.version === version)!.algorithm).toBe('linear+encoder');
  });
});

test.runIf(hasRuntimes)('a version without its encoder is refused, and the others are served', async () => {
  const folder = join(root, 'without-encoder');
  await cp(join(models, 'mail'), join(folder, 'mail'), { recursive: true });
  const service = await startProcess({ MODELS_DIR: folder, DEFAULT_MODEL: 'mail' });
  const refused = await post(`${service.url}/predict`, { text: SPAM, model: 'mail@2' });
  const served = await post(`${service.url}/predict`, { text: SPAM, model: 'mail@1' });
  expect([refused.status, served.status]).toEqual([404, 200]);
  // The last lines are written when the service stops.
  await service.stop();
  const line = service.lines.find(({ msg }) => msg === 'model refused');
  expect(line?.['exception.message']).toContain('a file of its encoder, cannot be read: ENOENT');
});
