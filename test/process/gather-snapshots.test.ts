import cluster, { type Worker } from 'node:cluster';
import { EventEmitter } from 'node:events';
import { serialize } from 'node:v8';
import { ValueType } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type MetricData,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { afterEach, expect, test } from 'vitest';
import { gatherSnapshots } from '../../src/process/gather-snapshots.ts';
import type { Snapshot } from '../../src/process/messages.ts';
import { LiveVersions } from '../../src/telemetry/live-versions.ts';

const UNREPORTED_MS = 100;

afterEach(() => {
  cluster.removeAllListeners();
});

/** A real worker would need minutes until a series ends. The gatherer uses only these events and methods of a worker. */
function createWorkers() {
  let time = 0;
  const workers = ['a', 'b'].map(
    () => Object.assign(new EventEmitter(), { isConnected: () => false }) as unknown as Worker,
  );
  const own = async () => ({ resourceMetrics: { resource: emptyResource(), scopeMetrics: [] }, errors: [] });
  const collect = gatherSnapshots(own, new LiveVersions(UNREPORTED_MS, () => time));
  const send = (worker: number, snapshot: Snapshot) =>
    cluster.emit('message', workers[worker]!, { kind: 'snapshot', snapshot }, undefined);
  return {
    report: (worker: number, counts: Record<string, number>, ended?: Record<string, number>) =>
      send(worker, { metrics: serialize(counted(counts)), ...(ended && { ended: serialize(counted(ended)) }) }),
    async end(worker: number) {
      cluster.emit('exit', workers[worker]!, 1, '');
      await new Promise((resolve) => setTimeout(resolve, 20));
    },
    wait: (ms: number) => {
      time += ms;
    },
    async totals(): Promise<Record<string, number>> {
      const { resourceMetrics } = await collect();
      const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
      const points = metrics.flatMap(({ dataPoints }) => dataPoints as readonly DataPoint<unknown>[]);
      return Object.fromEntries(points.map(({ attributes, value }) => [String(attributes['version']), Number(value)]));
    },
  };
}

function counted(counts: Record<string, number>): ScopeMetrics[] {
  const dataPoints = Object.entries(counts).map(([version, value]) => ({
    attributes: { model: 'm', version },
    startTime: [0, 0] as [number, number],
    endTime: [0, 0] as [number, number],
    value,
  }));
  const metric: MetricData = {
    descriptor: { name: 'classifier.predictions', unit: '', description: '', valueType: ValueType.INT },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    dataPoints,
  };
  return [{ scope: { name: 'waymark' }, metrics: [metric] }];
}

test('the sum of a series does not decrease while one of two workers has it', async () => {
  const { report, totals, wait } = createWorkers();
  report(0, { 1: 10 });
  report(1, { 1: 20 });
  expect(await totals()).toEqual({ 1: 30 });
  report(0, {}, { 1: 10 });
  wait(10 * UNREPORTED_MS);
  expect(await totals()).toEqual({ 1: 30 });
  report(1, { 1: 21 });
  expect(await totals()).toEqual({ 1: 31 });
});

test('a series ends when no worker has the version any more', async () => {
  const { report, totals, wait } = createWorkers();
  report(0, { 1: 10, 2: 1 });
  report(1, { 1: 20 });
  await totals();
  report(0, { 2: 1 }, { 1: 10 });
  report(1, {}, { 1: 20 });
  expect(await totals()).toEqual({ 1: 30, 2: 1 });
  wait(UNREPORTED_MS);
  expect(await totals()).toEqual({ 2: 1 });
  report(1, { 1: 3 });
  expect(await totals()).toEqual({ 1: 3, 2: 1 });
});

test('the counts of an ended worker stay until its replacement reports the version', async () => {
  const { report, totals, wait, end } = createWorkers();
  report(0, { 1: 10 });
  await totals();
  await end(0);
  wait(10 * UNREPORTED_MS);
  expect(await totals()).toEqual({ 1: 10 });
  report(1, { 1: 1 });
  expect(await totals()).toEqual({ 1: 11 });
  wait(10 * UNREPORTED_MS);
  expect(await totals()).toEqual({ 1: 11 });
});
