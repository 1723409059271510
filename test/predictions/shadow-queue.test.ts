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
import type { Shadowed } from '../../src/predictions/experiment-recorder.ts';
import { createShadowQueue, type ShadowJob, type ShadowQueueOptions } from '../../src/predictions/shadow-queue.ts';
import { createInstruments, type Instruments } from '../../src/telemetry/instruments.ts';
import { createLog } from '../../src/telemetry/logs/log.ts';

const active: Model = { name: 'spam', version: '1', ...(await readArtefact('models/spam/1')) };
const shadowWith = (changes: Partial<Classifier>): Model => ({
  ...active,
  version: '2',
  classifier: { ...active.classifier, ...changes },
});
const shadow = shadowWith({});
const text = 'Win a prize';
/** When the text was answered: long before the shadow scores. */
const answered = Date.now();

let reader: PeriodicExportingMetricReader;
let instruments: Instruments;
let spans: InMemorySpanExporter;
let tracer: ReturnType<TracerProvider['getTracer']>;
let shadowed: Shadowed[];
let failed: string[];
let lines: Record<string, unknown>[];

beforeEach(() => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  metrics.disable();
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  instruments = createInstruments();
  spans = new InMemorySpanExporter();
  tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: spans })] }).getTracer('test');
  [shadowed, failed, lines] = [[], [], []];
});

afterEach(() => reader.shutdown());

function createQueue(options: Partial<ShadowQueueOptions> = {}) {
  return createShadowQueue({
    instruments,
    log: createLog('debug', { write: (line) => void lines.push(JSON.parse(line)) }),
    driftMonitor: createDriftMonitor(),
    recorder: {
      answered: () => {},
      failed: (model, use) => void failed.push(`${use} ${model.version}`),
      shadowed: (one) => void shadowed.push(one),
    },
    ...options,
  });
}

function job(model: Model = shadow, label = 'spam'): ShadowJob {
  const span = tracer.startSpan('classify', { startTime: answered - 1 });
  return {
    active,
    shadow: model,
    text,
    id: 'an id',
    predictedAt: 5,
    label,
    span,
    endTime: answered,
    scope: ROOT_CONTEXT,
  };
}

async function seriesOf(name: string): Promise<[Record<string, unknown>, unknown][]> {
  const { resourceMetrics } = await reader.collect();
  const all = resourceMetrics.scopeMetrics.flatMap(({ metrics: some }) => some);
  const metric = all.find(({ descriptor }) => descriptor.name === name);
  return metric?.dataPoints.map(({ attributes, value }) => [attributes, value]) ?? [];
}

async function settled(queued: number): Promise<void> {
  for (let turns = 0; turns < 10_000 && spans.getFinishedSpans().length < queued; turns += 1) await nextTurn();
}

describe('a shadow', () => {
  test('scores after the turn in which the text was answered, and its answer is on the same span', async () => {
    const driftMonitor = createDriftMonitor();
    const queue = createQueue({ driftMonitor });
    expect(queue.offer(job())).toBe(true);
    expect(shadowed).toEqual([]);
    expect(spans.getFinishedSpans()).toEqual([]);
    await settled(1);
    const [span] = spans.getFinishedSpans();
    const { label, confidence } = active.classifier.score(active.classifier.tokenize(text));
    expect(span!.attributes).toEqual({
      'classifier.shadow.version': '2',
      'classifier.shadow.label': label,
      'classifier.shadow.confidence': confidence,
      'classifier.shadow.agrees': label === 'spam',
    });
    expect(span!.endTime).toEqual([Math.floor(answered / 1_000), (answered % 1_000) * 1_000_000]);
    expect(shadowed).toEqual([
      {
        id: 'an id',
        predictedAt: 5,
        active,
        activeLabel: 'spam',
        shadow,
        shadowLabel: label,
        confidence,
        seconds: expect.any(Number),
      },
    ]);
    expect(driftMonitor.report(shadow).predictions).toBe(1);
    expect(await seriesOf('classifier.shadow.predictions')).toContainEqual([
      { model: 'spam', version: '2', label: 'spam', agrees: String(label === 'spam') },
      1,
    ]);
  });

  test('that is too slow is skipped, and what was answered is told all the same', async () => {
    const slow = shadowWith({
      tokenize: (some) => {
        for (const ends = performance.now() + 30; performance.now() < ends; );
        return active.classifier.tokenize(some);
      },
    });
    const queue = createQueue({ cpuShare: 0.05 });
    const taken = Array.from({ length: 20 }, () => queue.offer(job(slow)));
    expect(taken).not.toContain(false);
    await settled(20);
    expect(spans.getFinishedSpans()).toHaveLength(20);
    expect(shadowed).toHaveLength(2);
    expect(queue.offer(job(slow))).toBe(false);
    expect(await seriesOf('classifier.shadow.skipped')).toContainEqual([
      { model: 'spam', version: '2', reason: 'budget' },
      19,
    ]);
  });

  test('takes no more than fits', async () => {
    const queue = createQueue();
    const taken = Array.from({ length: 1_100 }, () => queue.offer(job()));
    expect(taken.filter(Boolean)).toHaveLength(1_024);
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

  test('that throws is counted, and told once a minute', async () => {
    const broken = shadowWith({
      score: () => {
        throw new Error('out of order');
      },
    });
    const queue = createQueue();
    for (let at = 0; at < 5; at += 1) queue.offer(job(broken));
    await settled(5);
    expect(spans.getFinishedSpans().map(({ attributes }) => attributes)).toEqual(Array(5).fill({}));
    expect(failed).toEqual(Array(5).fill('shadow 2'));
    expect(shadowed).toEqual([]);
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

  test('scores what waits before the end, and what it can not is told without it', async () => {
    const queue = createQueue();
    for (let at = 0; at < 100; at += 1) queue.offer(job());
    queue.drain(10_000);
    expect(shadowed).toHaveLength(100);
    await settled(100);
    expect(spans.getFinishedSpans()).toHaveLength(100);
    for (let at = 0; at < 100; at += 1) queue.offer(job());
    queue.drain(0);
    expect(shadowed).toHaveLength(100);
    await settled(200);
    expect(spans.getFinishedSpans()).toHaveLength(200);
  });
});
