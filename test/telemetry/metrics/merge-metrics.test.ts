import { MeterProvider, MetricReader, type ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { describe, expect, test } from 'vitest';
import { addWorkerLabel, keepTotals, mergeMetrics } from '../../../src/telemetry/metrics/merge-metrics.ts';
import { MODEL_METRIC } from '../../../src/telemetry/model-metrics.ts';
import { SCOPE } from '../../../src/telemetry/names.ts';

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Returns the metrics of a process that has recorded `amount` with each instrument. */
async function measured(amount: number, scope = SCOPE): Promise<ScopeMetrics[]> {
  const reader = new Reader();
  const meter = new MeterProvider({ readers: [reader] }).getMeter(scope);
  const labels = { model: 'spam' };
  meter.createCounter('done').add(amount, labels);
  meter.createUpDownCounter('busy').add(amount, labels);
  meter.createGauge('psi').record(amount, labels);
  const took = meter.createHistogram('took', { advice: { explicitBucketBoundaries: [1, 10] } });
  took.record(amount, labels);
  for (const { name } of [MODEL_METRIC.feedback, MODEL_METRIC.shadowFeedback]) {
    meter.createObservableCounter(name).addCallback((result) => result.observe(amount, labels));
  }
  return (await reader.collect()).resourceMetrics.scopeMetrics;
}

/** Returns the values by name, and for a histogram its buckets. */
function values(scopes: ScopeMetrics[]): Record<string, unknown[]> {
  return Object.fromEntries(
    scopes.flatMap(({ metrics }) =>
      metrics.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        dataPoints.map(({ value }) => (typeof value === 'number' ? value : 'buckets' in value && value.buckets.counts)),
      ]),
    ),
  );
}

describe('mergeMetrics', () => {
  test('adds up counters and histograms, and uses the maximum of gauges and shared totals', async () => {
    expect(values(mergeMetrics([await measured(2), await measured(5), await measured(0.5)]))).toEqual({
      done: [7.5],
      busy: [7.5],
      psi: [5],
      took: [[1, 2, 0]],
      'classifier.feedback': [5],
      'classifier.shadow.feedback': [5],
    });
  });

  test('keeps series with different labels separate', async () => {
    const [one] = await measured(2);
    const other = structuredClone(one!);
    for (const { dataPoints } of other.metrics) {
      for (const point of dataPoints) Object.assign(point.attributes, { model: 'intents' });
    }
    expect(values(mergeMetrics([[one!], [other]]))['done']).toEqual([2, 2]);
  });

  test('treats attributes in another order as the same series', async () => {
    const [one] = await measured(1);
    const withLabels = (attributes: Record<string, string>): ScopeMetrics => ({
      ...one!,
      metrics: one!.metrics.map((metric) => ({
        ...structuredClone(metric),
        dataPoints: metric.dataPoints.map((point) => ({ ...point, attributes })),
      })) as ScopeMetrics['metrics'],
    });
    const merged = mergeMetrics([[withLabels({ a: '1', b: '2' })], [withLabels({ b: '2', a: '1' })]]);
    expect(values(merged)['done']).toEqual([2]);
  });

  test('keeps the slowest exemplar of the last minute in each bucket', async () => {
    const exemplar = (value: number, time: number) => ({ value, time, traceId: `${value}`, spanId: 's' });
    const now = 1_000_000;
    const part = async (...exemplars: ReturnType<typeof exemplar>[]) =>
      (await measured(1)).map((scope) => ({
        ...scope,
        metrics: scope.metrics.map((metric) => ({
          ...metric,
          dataPoints: metric.dataPoints.map((point) => ({ ...point, exemplars })),
        })),
      })) as ScopeMetrics[];
    const merged = mergeMetrics([
      await part(exemplar(0.9, now - 70_000), exemplar(5, now - 70_000)),
      await part(exemplar(0.5, now - 50_000), exemplar(8, now - 90_000)),
      await part(exemplar(0.2, now)),
    ]);
    const took = merged[0]!.metrics.find(({ descriptor }) => descriptor.name === 'took')!;
    const [point] = took.dataPoints as unknown as [{ exemplars: { value: number }[] }];
    expect(point.exemplars.map(({ value }) => value).sort()).toEqual([0.5, 8]);
  });
});

test('keepTotals keeps counters and histograms only', async () => {
  const names = Object.keys(values(keepTotals(await measured(1))));
  expect(names.sort()).toEqual([MODEL_METRIC.feedback.name, MODEL_METRIC.shadowFeedback.name, 'done', 'took']);
});

test('addWorkerLabel adds the label to metrics about one process, and to no others', async () => {
  const scope = '@opentelemetry/instrumentation-host-metrics';
  const parts = [addWorkerLabel(await measured(1, scope), '1'), addWorkerLabel(await measured(2, scope), '2')];
  const [merged] = mergeMetrics(parts);
  const done = merged!.metrics.find(({ descriptor }) => descriptor.name === 'done')!;
  expect(done.dataPoints.map(({ attributes, value }) => [attributes['worker'], value])).toEqual([
    ['1', 1],
    ['2', 2],
  ]);
  const [ours] = addWorkerLabel(await measured(1), '1');
  expect(ours!.metrics[0]!.dataPoints[0]!.attributes).toEqual({ model: 'spam' });
});
