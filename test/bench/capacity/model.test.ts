import { describe, expect, it } from 'vitest';
import type { Measured } from '../../../bench/capacity/measured.ts';
import { capacityOf, type Traffic, UTILISATION } from '../../../bench/capacity/model.ts';

const measured: Measured = {
  machine: 'a machine',
  service: {
    idleCores: 0,
    baseMicroseconds: 50,
    microsecondsPerCharacter: 0.05,
    microsecondsPerLabel: 0.1,
    traceMicroseconds: 60,
    memoryMiB: 150,
    memoryPerModelMiB: 4,
    memoryPerLabelMiB: 0.1,
    baseSeries: 200,
    seriesPerModel: 60,
    seriesPerLabel: 4,
    spansPerPrediction: 4,
    traceBytes: 2_600,
    logBytes: 900,
  },
  collector: { microsecondsPerSpan: 10, memoryMiB: 100, spanSeriesPerReplica: 80 },
  jaeger: { microsecondsPerSpan: 20, bytesPerSpan: 300 },
  victoriaLogs: { microsecondsPerRecord: 5, bytesPerRecord: 60 },
  postgres: { microsecondsPerRow: 400, bytesPerRow: 500, idleTransactionsPerSecond: 5 },
};
const traffic: Traffic = {
  requestsPerSecond: 1_000,
  characters: 1_000,
  models: 1,
  labels: 2,
  sampling: 1,
  feedback: 0.01,
};

describe('capacityOf', () => {
  it('adds up the parts of a prediction', () => {
    expect(capacityOf(traffic, measured).predictionMicroseconds).toBeCloseTo(50 + 50 + 0.2 + 60, 9);
    expect(capacityOf({ ...traffic, sampling: 0.1 }, measured).predictionMicroseconds).toBeCloseTo(106.2, 9);
  });

  it('has enough replicas for the cores, and one at least', () => {
    const { replicas, serviceCores } = capacityOf({ ...traffic, requestsPerSecond: 100_000 }, measured);
    expect(serviceCores / replicas).toBeLessThanOrEqual(UTILISATION);
    expect(serviceCores / (replicas - 1)).toBeGreaterThan(UTILISATION);
    expect(capacityOf({ ...traffic, requestsPerSecond: 1 }, measured).replicas).toBe(1);
  });

  it('counts the CPU time without requests as lost', () => {
    const idle = { ...measured, service: { ...measured.service, idleCores: 0.1 } };
    const { replicas, serviceCores } = capacityOf({ ...traffic, requestsPerSecond: 100_000 }, idle);
    expect(serviceCores / replicas).toBeLessThanOrEqual(UTILISATION);
    expect(replicas).toBeGreaterThan(capacityOf({ ...traffic, requestsPerSecond: 100_000 }, measured).replicas);
  });

  it('follows the units of a day', () => {
    const found = capacityOf({ ...traffic, requestsPerSecond: 10, sampling: 0.5 }, measured);
    expect(found.spansPerSecond).toBe(20);
    expect(found.sentTraceBytesPerDay).toBe(5 * 2_600 * 86_400);
    expect(found.storedTraceBytesPerDay).toBe(20 * 300 * 86_400);
    expect(found.storedLogBytesPerDay).toBe(5 * 60 * 86_400);
    expect(found.feedbackRowsPerSecond).toBeCloseTo(0.1, 12);
    expect(found.feedbackBytesPerDay).toBeCloseTo(0.1 * 500 * 86_400, 6);
  });

  it('has one store of feedback for all replicas, and the other series for each of them', () => {
    const one = capacityOf({ ...traffic, models: 3, labels: 10 }, measured);
    expect(one.replicas).toBe(1);
    expect(one.series).toBe(200 + 3 * (60 + 40) + 80 + 3 * 100);
    expect(one.memoryPerReplicaMiB).toBeCloseTo(150 + 2 * 4 + 3 * 8 * 0.1, 9);
    const many = capacityOf({ ...traffic, models: 3, labels: 10, requestsPerSecond: 100_000 }, measured);
    expect(many.series - 300).toBeCloseTo(many.replicas * (one.series - 300), 6);
    expect(many.idleTransactionsPerSecond).toBe(many.replicas * 5);
    expect(many.databaseConnections).toBe(many.replicas * 4);
  });

  it('grows in proportion to the traffic, except for what is rounded up', () => {
    const small = capacityOf({ ...traffic, requestsPerSecond: 10_000 }, measured);
    const large = capacityOf({ ...traffic, requestsPerSecond: 1_000_000 }, measured);
    for (const part of ['jaegerCores', 'victoriaLogsCores', 'collectorCores', 'feedbackRowsPerSecond'] as const)
      expect(large[part] / small[part]).toBeCloseTo(100, 6);
    expect(large.replicas).toBeLessThanOrEqual(100 * small.replicas);
    expect(large.replicas).toBeGreaterThan(100 * (small.replicas - 1));
  });

  it('has no traces and no Collector work without sampling', () => {
    const found = capacityOf({ ...traffic, sampling: 0 }, measured);
    expect([found.spansPerSecond, found.sentTraceBytesPerDay, found.jaegerCores, found.collectorsPerTier]).toEqual([
      0, 0, 0, 1,
    ]);
  });
});
