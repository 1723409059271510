import { setImmediate as nextTurn } from 'node:timers/promises';
import { metrics, ROOT_CONTEXT } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readArtefact } from '../../src/artefacts/artefact.ts';
import type { Classifier } from '../../src/classifier/scoring/classifier.ts';
import { createDriftMonitor } from '../../src/drift/drift-monitor.ts';
import type { Model } from '../../src/models/store.ts';
import type { ShadowResult } from '../../src/predictions/experiment-recorder.ts';
import type { ShadowJob, ShadowQueueOptions } from '../../src/predictions/shadow-job.ts';
import { createShadowQueue } from '../../src/predictions/shadow-queue.ts';
import { classifyNow } from '../../src/runtimes/linear.ts';
import { createInstruments, type Instruments } from '../../src/telemetry/instruments.ts';
import { createLog } from '../../src/telemetry/logs/log.ts';

const active = { name: 'spam', version: '1', ...(await readArtefact('models/spam/1')) };
const shadowWith = (changes: Partial<Classifier>): Model => ({
  ...active,
  version: '2',
  classifier: { ...active.classifier, ...changes },
});
const shadow = shadowWith({});
const text = 'Win a prize';
/** The time of the answer, long before the shadow scores. */
const answeredAt = Date.now();

let reader: PeriodicExportingMetricReader;
let instruments: Instruments;
let spans: InMemorySpanExporter;
let tracer: ReturnType<TracerProvider['getTracer']>;
let shadowResults: ShadowResult[];
let failures: string[];
let lines: Record<string, unknown>[];

beforeEach(() => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  metrics.disable();
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  instruments = createInstruments();
  spans = new InMemorySpanExporter();
  tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }).getTracer('test');
  [shadowResults, failures, lines] = [[], [], []];
});

afterEach(() => reader.shutdown());

function createQueue(options: Partial<ShadowQueueOptions> = {}) {
  return createShadowQueue({
    instruments,
    log: createLog('debug', { write: (line) => void lines.push(JSON.parse(line)) }),
    driftMonitor: createDriftMonitor(),
    recorder: {
      recordAnswer: () => {},
      recordReview: () => {},
      recordFailure: (model, use) => void failures.push(`${use} ${model.version}`),
      recordShadowResult: (result) => void shadowResults.push(result),
    },
    ...options,
  });
}

function job(model: Model = shadow, label = 'spam'): ShadowJob {
  const span = tracer.startSpan('classify', { startTime: answeredAt - 1 });
  return {
    active,
    shadow: model,
    text,
    id: 'an id',
    row: 7,
    predictedAt: 5,
    label,
    asked: false,
    span,
    endTime: answeredAt,
    scope: ROOT_CONTEXT,
  };
}

async function seriesOf(name: string): Promise<[Record<string, unknown>, unknown][]> {
  const { resourceMetrics } = await reader.collect();
  const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
  const metric = all.find(({ descriptor }) => descriptor.name === name);
  return metric?.dataPoints.map(({ attributes, value }) => [attributes, value]) ?? [];
}

async function waitForSpans(count: number): Promise<void> {
  for (let turns = 0; turns < 10_000 && spans.getFinishedSpans().length < count; turns += 1) await nextTurn();
}

describe('the shadow queue', () => {
  test('scores after the turn of the answer, and adds its result to the same span', async () => {
    const driftMonitor = createDriftMonitor();
    const queue = createQueue({ driftMonitor });
    expect(queue.offer(job())).toBe(true);
    expect(shadowResults).toEqual([]);
    expect(spans.getFinishedSpans()).toEqual([]);
    await waitForSpans(1);
    const [span] = spans.getFinishedSpans();
    const { label, confidence } = active.classifier.score(active.classifier.tokenize(text));
    expect(span!.attributes).toEqual({
      'classifier.shadow.version': '2',
      'classifier.shadow.label': label,
      'classifier.shadow.confidence': confidence,
      'classifier.shadow.agrees': label === 'spam',
    });
    expect(span!.endTime).toEqual([Math.floor(answeredAt / 1_000), (answeredAt % 1_000) * 1_000_000]);
    expect(shadowResults).toEqual([
      {
        id: 'an id',
        predictedAt: 5,
        active,
        activeLabel: 'spam',
        shadow,
        shadowLabel: label,
        confidence,
        seconds: expect.any(Number),
        asked: false,
      },
    ]);
    expect(driftMonitor.report(shadow).predictions).toBe(1);
    expect(await seriesOf('classifier.shadow.predictions')).toContainEqual([
      { model: 'spam', version: '2', label: 'spam', agrees: String(label === 'spam') },
      1,
    ]);
  });

  test('skips a shadow that is too slow, and still ends the spans', async () => {
    const slow = shadowWith({
      tokenize: (input) => {
        for (const endsAt = performance.now() + 30; performance.now() < endsAt; );
        return active.classifier.tokenize(input);
      },
    });
    const queue = createQueue({ cpuShare: 0.05 });
    const accepted = Array.from({ length: 20 }, () => queue.offer(job(slow)));
    expect(accepted).not.toContain(false);
    await waitForSpans(20);
    expect(spans.getFinishedSpans()).toHaveLength(20);
    expect(shadowResults).toHaveLength(2);
    expect(queue.offer(job(slow))).toBe(false);
    expect(await seriesOf('classifier.shadow.skipped')).toContainEqual([
      { model: 'spam', version: '2', reason: 'budget' },
      19,
    ]);
  });

  test('rejects texts above its limits', async () => {
    const queue = createQueue();
    const accepted = Array.from({ length: 1_100 }, () => queue.offer(job()));
    expect(accepted.filter(Boolean)).toHaveLength(1_024);
    const long = createQueue();
    const huge = 'a'.repeat(1_500_000);
    expect(Array.from({ length: 3 }, () => long.offer({ ...job(), text: huge }))).toEqual([true, true, false]);
    expect(await seriesOf('classifier.shadow.skipped')).toContainEqual([
      { model: 'spam', version: '2', reason: 'queue' },
      77,
    ]);
    long.drain(0);
    queue.drain(0);
  });

  test('counts each failure of a shadow, and logs once a minute', async () => {
    const broken = shadowWith({
      score: () => {
        throw new Error('out of order');
      },
    });
    const queue = createQueue();
    for (let index = 0; index < 5; index += 1) queue.offer(job(broken));
    await waitForSpans(5);
    expect(spans.getFinishedSpans().map(({ attributes }) => attributes)).toEqual(Array(5).fill({}));
    expect(failures).toEqual(Array(5).fill('shadow 2'));
    expect(shadowResults).toEqual([]);
    expect(lines).toEqual([
      expect.objectContaining({
        msg: 'shadow failed',
        'classifier.model.version': '1',
        'classifier.shadow.version': '2',
        'exception.message': 'out of order',
      }),
    ]);
    expect(await seriesOf('classifier.shadow.skipped')).toContainEqual([
      { model: 'spam', version: '2', reason: 'failed' },
      5,
    ]);
  });

  test('lets an encoder score a few texts at a time, and waits for its answers', async () => {
    const answers: (() => void)[] = [];
    const deferred: Model = {
      ...active,
      version: '2',
      classifier: {
        labels: active.classifier.labels,
        classify: (input) =>
          new Promise((resolve) => answers.push(() => resolve(classifyNow(active.classifier, input)))),
        explain: () => [],
        close: () => {},
      },
    };
    const queue = createQueue();
    for (let index = 0; index < 10; index += 1) queue.offer(job(deferred));
    for (let turns = 0; turns < 10; turns += 1) await nextTurn();
    expect([answers.length, spans.getFinishedSpans().length]).toEqual([4, 0]);
    for (let finished = 0; finished < 10; finished += 1) {
      answers.shift()!();
      await waitForSpans(finished + 1);
      for (let turns = 0; turns < 3; turns += 1) await nextTurn();
    }
    expect(shadowResults).toHaveLength(10);
    expect(spans.getFinishedSpans()[0]!.attributes).toMatchObject({ 'classifier.shadow.version': '2' });
  });

  test('scores waiting texts when it drains, and ends the spans of the others without a result', async () => {
    const queue = createQueue();
    for (let index = 0; index < 100; index += 1) queue.offer(job());
    queue.drain(10_000);
    expect(shadowResults).toHaveLength(100);
    await waitForSpans(100);
    expect(spans.getFinishedSpans()).toHaveLength(100);
    for (let index = 0; index < 100; index += 1) queue.offer(job());
    queue.drain(0);
    expect(shadowResults).toHaveLength(100);
    await waitForSpans(200);
    expect(spans.getFinishedSpans()).toHaveLength(200);
  });
});
