import { describe, expect, it } from 'vitest';
import { type SimulatedSystem, simulate } from '../../../bench/capacity/simulation.ts';

const system: SimulatedSystem = {
  requestsPerSecond: 2_800,
  replicas: 4,
  collectors: 2,
  spansPerRequest: 4,
  sampling: 1,
  secondsPerSpan: 10e-6,
  serviceSeconds: [0.001],
  balancer: 'random',
};

describe('simulate', () => {
  it('has the mean wait of the formula of Pollaczek and Khinchine', () => {
    // A utilisation of 0.7 and equal service times: 0.7 * 1 ms / (2 * 0.3).
    const { meanWait, replicaUtilisation } = simulate(system, 120, 1);
    expect(replicaUtilisation).toBeCloseTo(0.7, 2);
    expect(meanWait * 1_000).toBeGreaterThan(1.167 * 0.95);
    expect(meanWait * 1_000).toBeLessThan(1.167 * 1.05);
    // Service times of 0.5 and 1.5 ms have the same mean, and 1.25 times the second moment.
    const uneven = simulate({ ...system, serviceSeconds: [0.0005, 0.0015] }, 120, 1);
    expect(uneven.meanWait / meanWait).toBeGreaterThan(1.15);
    expect(uneven.meanWait / meanWait).toBeLessThan(1.35);
  });

  it('waits less behind a balancer that compares two replicas', () => {
    const compared = simulate({ ...system, balancer: 'less-of-two' }, 60, 1);
    expect(compared.p99).toBeLessThan(simulate(system, 60, 1).p99 * 0.8);
  });

  it('has a growing backlog where a part is too small', () => {
    const slow = simulate({ ...system, requestsPerSecond: 4_400 }, 60, 1);
    // Each replica gets 1.1 seconds of work a second.
    expect(slow.replicaBacklogGrowth).toBeCloseTo(0.1, 1);
    expect(slow.collectorBacklogGrowth).toBe(0);
    const noCollector = simulate({ ...system, secondsPerSpan: 250e-6 }, 60, 1);
    expect(noCollector.collectorUtilisation).toBe(1);
    expect(noCollector.collectorBacklogGrowth).toBeCloseTo(0.4, 1);
    expect(noCollector.replicaBacklogGrowth).toBeCloseTo(0, 2);
  });

  it('is the same for the same seed', () => {
    expect(simulate(system, 10, 7)).toEqual(simulate(system, 10, 7));
    expect(simulate(system, 10, 7)).not.toEqual(simulate(system, 10, 8));
  });
});
