import { describe, expect, test } from 'vitest';
import { decide } from '../../../src/maintenance/rollout/policy.ts';
import type { PolicyState } from '../../../src/maintenance/rollout/policy-state.ts';
import { policySchema } from '../../../src/models/policy-file.ts';
import { type SimulatedVersion, type Simulation, type Step, simulate } from './simulated-model.ts';

const policy = policySchema.parse({ mode: 'automatic' });
const actionsOf = (steps: readonly Step[]) => steps.map(({ action }) => action);
const equallyGood: SimulatedVersion = { version: 'equally-good', usual: 0.97, other: 0.7, learnedOther: false };
const newTexts = (day: number) => (day < 30 ? 0 : 0.5);

describe('a policy over months of traffic', { timeout: 60_000 }, () => {
  test.each([1, 2, 3])('does nothing in a year without changes (seed %i)', (seed) => {
    expect(simulate({ days: 365, seed, policy }).steps).toEqual([]);
  });

  test('promotes equally good candidates no more often than its confidence allows', () => {
    const candidates = Array.from({ length: 24 }, (_, at) => ({ ...equallyGood, version: `equally-good-${at}` }));
    const people = candidates.map((version, at) => ({
      day: 1 + at * 15,
      act: (model: { shadow(version: SimulatedVersion): void }) => model.shadow(version),
    }));
    const quick = policySchema.parse({ mode: 'automatic', promote: { giveUpSeconds: 10 * 86_400 } });
    const runs = [1, 2, 3].map((seed) => simulate({ days: 365, seed, policy: quick, people }).steps);
    const passed = runs.flat().filter(({ action }) => action === 'canary').length;
    // At most one in twenty of 72 passes on average; ten or more have a probability of one in five hundred.
    expect(passed).toBeLessThan(10);
    expect(runs.flat().filter(({ action }) => action === 'drop-shadow').length).toBeGreaterThan(60);
    expect(runs.flat().filter(({ action }) => action === 'rollback')).toEqual([]);
  });

  test.each([1, 2, 3])('answers new texts with one retraining, one canary and one promotion (seed %i)', (seed) => {
    const { steps, model } = simulate({ days: 120, seed, policy, otherShare: newTexts });
    expect(actionsOf(steps)).toEqual(['retrain', 'canary', 'promote']);
    expect(steps[0]!.day).toBeGreaterThan(30);
    expect(steps[2]!.day).toBeLessThan(35);
    expect(model.active.version).toBe('2');
    expect(steps[0]!.reason).toMatch(
      /differed from the training texts for \d+ s .* labelled texts are available for training$/,
    );
    expect(steps[1]!.reason).toMatch(
      /^of \d+ labelled texts, only this version was right on \d+, and only the active version on \d+; it is not slower \(\d\.\d times/,
    );
    expect(steps[2]!.reason).toMatch(/^it is better with \d+\.\d % confidence .* not slower/);
  });

  test('does not retrain before there is enough feedback', () => {
    const patient = policySchema.parse({ mode: 'automatic', retrain: { minimumFeedback: 20_000 } });
    const { steps } = simulate({ days: 120, seed: 1, policy: patient, otherShare: newTexts });
    expect(steps[0]).toMatchObject({ action: 'retrain' });
    expect(steps[0]!.day).toBeGreaterThan(40);
  });

  test.each<[string, Partial<SimulatedVersion>, RegExp, number]>([
    [
      'is less accurate',
      { usual: 0.7, other: 0.7 },
      /^its accuracy is \d+\.\d % of \d+ labels, against \d+\.\d % of \d+/,
      1,
    ],
    ['fails', { errorShare: 0.2 }, /^\d+\.\d % of its predictions fail; the limit is 2\.0 %$/, 0.1],
    ['is slow', { p99Seconds: 0.05 }, /^its 99th percentile latency is \d+\.\d times that of version 1$/, 0.1],
  ])('rolls back, once, an activated version that %s', (_, fault, reason, days) => {
    const bad = { ...equallyGood, version: 'bad', ...fault };
    const people = [{ day: 40, act: (model: { activate(version: SimulatedVersion): void }) => model.activate(bad) }];
    const { steps, model } = simulate({ days: 120, seed: 2, policy, people });
    expect(actionsOf(steps)).toEqual(['rollback']);
    expect(steps[0]!.version).toBe('bad');
    expect(steps[0]!.reason).toMatch(reason);
    expect(steps[0]!.day).toBeLessThan(40 + days);
    expect(model.active.version).toBe('1');
  });

  test.each<[string, Partial<SimulatedVersion>, RegExp]>([
    ['is less accurate', { usual: 0.6 }, /^its accuracy is \d+\.\d % of \d+ labels, against \d+\.\d % of \d+/],
    ['fails', { errorShare: 0.5 }, /of its predictions fail/],
  ])('drops a canary that %s', (_, fault, reason) => {
    const bad = { ...equallyGood, version: 'bad', ...fault };
    const people = [{ day: 20, act: (model: { canary(version: SimulatedVersion): void }) => model.canary(bad) }];
    const { steps, model } = simulate({ days: 60, seed: 1, policy, people });
    expect(actionsOf(steps)).toEqual(['drop-canary']);
    expect(steps[0]!.reason).toMatch(reason);
    expect(model.active.version).toBe('1');
  });

  test('does not promote a better candidate that is slower', () => {
    const slow = (version: string) => ({ version, usual: 0.97, other: 0.965, learnedOther: true, p99Seconds: 0.0048 });
    const { steps } = simulate({ days: 50, seed: 1, policy, otherShare: newTexts, retrained: slow });
    expect(actionsOf(steps).slice(0, 2)).toEqual(['retrain', 'drop-shadow']);
    expect(actionsOf(steps)).not.toContain('canary');
    expect(steps[1]!.reason).toMatch(/it did not qualify in time: its 99th percentile latency is \d\.\d times/);
  });

  test('drops a worse candidate', () => {
    const worse = { ...equallyGood, version: 'worse', usual: 0.85 };
    const people = [{ day: 10, act: (model: { shadow(version: SimulatedVersion): void }) => model.shadow(worse) }];
    const { steps } = simulate({ days: 60, seed: 1, policy, people });
    expect(actionsOf(steps)).toEqual(['drop-shadow']);
    expect(steps[0]!.day).toBeLessThan(12);
  });

  test.each([1, 2, 3])('repeats no action within a cool-down while the texts alternate (seed %i)', (seed) => {
    const shortestGap = (cooldownSeconds: number) => {
      const promote = { giveUpSeconds: 86_400, minimumCanaryFeedback: 20 };
      const { steps } = simulate({
        days: 120,
        seed,
        policy: policySchema.parse({ mode: 'automatic', cooldownSeconds, promote }),
        otherShare: (day) => (day % 3 < 1.5 ? 0.7 : 0),
        // A version that learns one kind of texts forgets the other, so that any version is stale every other day.
        retrained: (version) =>
          Number(version) % 2 === 0
            ? { version, usual: 0.75, other: 0.97, learnedOther: true, training: 0.97 }
            : { version, usual: 0.97, other: 0.75, learnedOther: false },
      });
      return Math.min(...shortestGaps(steps));
    };
    expect(shortestGap(4 * 86_400)).toBeGreaterThanOrEqual(4);
    // Without the cool-down, actions are closer together.
    expect(shortestGap(0)).toBeLessThan(2);
  });

  test.each<[string, Omit<Simulation, 'days' | 'seed' | 'policy'>]>([
    ['a drift', { otherShare: newTexts }],
    [
      'a bad activation',
      { people: [{ day: 40, act: (model) => model.activate({ ...equallyGood, version: 'bad', usual: 0.7 }) }] },
    ],
  ])('decides the same with a restart at every step: %s', (_, scenario) => {
    const continuous = simulate({ days: 60, seed: 4, policy, ...scenario });
    const restarted = simulate({ days: 60, seed: 4, policy, restarts: true, ...scenario });
    expect(restarted.steps).toEqual(continuous.steps);
    expect(continuous.steps.length).toBeGreaterThan(0);
    expect(restarted.state).toEqual(continuous.state satisfies PolicyState);
  });
});

test('a state from a clock that was ahead does not stop the policy until that time comes', () => {
  const { state } = simulate({ days: 40, seed: 1, policy, otherShare: newTexts });
  expect(state.lastAt.retrain).toBeGreaterThan(0);
  const { measurements } = simulate({ days: 1, seed: 1, policy });
  const ahead = { ...state, holds: { drift: 40 * 86_400_000 }, lastAt: { retrain: 400 * 86_400_000 } };
  const { state: after } = decide(policy, ahead, { ...measurements, now: 86_400_000 });
  expect(after.lastAt.retrain).toBe(86_400_000);
  expect(after.holds.drift ?? 0).toBeLessThanOrEqual(86_400_000);
});

/** Returns, for each action, the shortest time in days between two occurrences. */
function shortestGaps(steps: readonly Step[]): number[] {
  return [...Map.groupBy(steps, ({ action }) => action).values()].map((same) =>
    Math.min(...same.slice(1).map(({ day }, at) => day - same[at]!.day)),
  );
}
