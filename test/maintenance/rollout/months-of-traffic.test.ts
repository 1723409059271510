import { describe, expect, test } from 'vitest';
import type { PolicyState } from '../../../src/maintenance/rollout/policy-state.ts';
import { policySchema } from '../../../src/models/policy-file.ts';
import { type SimulatedVersion, type Simulation, type Step, simulate } from './simulated-model.ts';

const policy = policySchema.parse({ mode: 'automatic' });
const names = (steps: readonly Step[]) => steps.map(({ action }) => action);
const asGood: SimulatedVersion = { version: 'as-good', usual: 0.97, other: 0.7, learnedOther: false };
const episode = (day: number) => (day < 30 ? 0 : 0.5);

describe('a policy over months of traffic', { timeout: 60_000 }, () => {
  test.each([1, 2, 3])('does nothing in a quiet year (seed %i)', (seed) => {
    expect(simulate({ days: 365, seed, policy }).steps).toEqual([]);
  });

  test('lets no more candidates through that are no better than its confidence says', () => {
    const candidates = Array.from({ length: 24 }, (_, at) => ({ ...asGood, version: `as-good-${at}` }));
    const people = candidates.map((version, at) => ({
      day: 1 + at * 15,
      what: (model: { shadow(version: SimulatedVersion): void }) => model.shadow(version),
    }));
    const quick = policySchema.parse({ mode: 'automatic', promote: { giveUpSeconds: 10 * 86_400 } });
    const runs = [1, 2, 3].map((seed) => simulate({ days: 365, seed, policy: quick, people }).steps);
    const passed = runs.flat().filter(({ action }) => action === 'canary').length;
    // One in twenty of 72 on average, at most; ten or more would be as rare as one in five hundred.
    expect(passed).toBeLessThan(10);
    expect(runs.flat().filter(({ action }) => action === 'drop-shadow').length).toBeGreaterThan(60);
    expect(runs.flat().filter(({ action }) => action === 'rollback')).toEqual([]);
  });

  test.each([1, 2, 3])('answers new texts with one retraining, one canary, one promotion (seed %i)', (seed) => {
    const { steps, model } = simulate({ days: 120, seed, policy, otherShare: episode });
    expect(names(steps)).toEqual(['retrain', 'canary', 'promote']);
    expect(steps[0]!.day).toBeGreaterThan(30);
    expect(steps[2]!.day).toBeLessThan(35);
    expect(model.active.version).toBe('2');
    expect(steps[0]!.reason).toMatch(/unlike the training's for \d+ s .* texts with labels are there to learn from$/);
    expect(steps[1]!.reason).toMatch(
      /^of \d+ judged texts it alone was right in \d+, the active version alone in \d+; it is no slower \(\d\.\d times/,
    );
    expect(steps[2]!.reason).toMatch(/^it is better with \d+\.\d % confidence .* no slower/);
  });

  test('does not train before there is enough to learn from', () => {
    const hungry = policySchema.parse({ mode: 'automatic', retrain: { minimumFeedback: 20_000 } });
    const { steps } = simulate({ days: 120, seed: 1, policy: hungry, otherShare: episode });
    expect(steps[0]).toMatchObject({ action: 'retrain' });
    expect(steps[0]!.day).toBeGreaterThan(40);
  });

  test.each<[string, Partial<SimulatedVersion>, RegExp, number]>([
    ['is less often right', { usual: 0.7, other: 0.7 }, /^it is right in \d+\.\d % of \d+ judged predictions/, 1],
    ['fails', { errorShare: 0.2 }, /^\d+\.\d % of its predictions fail, where 2\.0 % may$/, 0.1],
    ['is slow', { p99Seconds: 0.05 }, /^its 99th percentile is \d+\.\d times that of version 1$/, 0.1],
  ])('takes an activated version back that %s, once', (_, fault, reason, days) => {
    const bad = { ...asGood, version: 'bad', ...fault };
    const people = [{ day: 40, what: (model: { activate(version: SimulatedVersion): void }) => model.activate(bad) }];
    const { steps, model } = simulate({ days: 120, seed: 2, policy, people });
    expect(names(steps)).toEqual(['rollback']);
    expect(steps[0]!.version).toBe('bad');
    expect(steps[0]!.reason).toMatch(reason);
    expect(steps[0]!.day).toBeLessThan(40 + days);
    expect(model.active.version).toBe('1');
  });

  test.each<[string, Partial<SimulatedVersion>, RegExp]>([
    ['is less often right', { usual: 0.6 }, /^it is right in \d+\.\d % of \d+ judged predictions/],
    ['fails', { errorShare: 0.5 }, /of its predictions fail/],
  ])('takes a canary back that %s', (_, fault, reason) => {
    const bad = { ...asGood, version: 'bad', ...fault };
    const people = [{ day: 20, what: (model: { canary(version: SimulatedVersion): void }) => model.canary(bad) }];
    const { steps, model } = simulate({ days: 60, seed: 1, policy, people });
    expect(names(steps)).toEqual(['drop-canary']);
    expect(steps[0]!.reason).toMatch(reason);
    expect(model.active.version).toBe('1');
  });

  test('holds a better candidate up that is slower', () => {
    const slow = (version: string) => ({ version, usual: 0.97, other: 0.965, learnedOther: true, p99Seconds: 0.0048 });
    const { steps } = simulate({ days: 50, seed: 1, policy, otherShare: episode, retrained: slow });
    expect(names(steps).slice(0, 2)).toEqual(['retrain', 'drop-shadow']);
    expect(names(steps)).not.toContain('canary');
    expect(steps[1]!.reason).toMatch(/it did not come so far in time: its 99th percentile is \d\.\d times/);
  });

  test('drops a candidate that is worse', () => {
    const worse = { ...asGood, version: 'worse', usual: 0.85 };
    const people = [{ day: 10, what: (model: { shadow(version: SimulatedVersion): void }) => model.shadow(worse) }];
    const { steps } = simulate({ days: 60, seed: 1, policy, people });
    expect(names(steps)).toEqual(['drop-shadow']);
    expect(steps[0]!.day).toBeLessThan(12);
  });

  test.each([1, 2, 3])('takes no action twice within a cool-down, however the texts flap (seed %i)', (seed) => {
    const flapping = (cooldownSeconds: number) => {
      const promote = { giveUpSeconds: 86_400, minimumCanaryFeedback: 20 };
      const { steps } = simulate({
        days: 120,
        seed,
        policy: policySchema.parse({ mode: 'automatic', cooldownSeconds, promote }),
        otherShare: (day) => (day % 3 < 1.5 ? 0.7 : 0),
        // What learns the one kind of texts forgets the other, so that any version is stale every other day.
        retrained: (version) =>
          Number(version) % 2 === 0
            ? { version, usual: 0.75, other: 0.97, learnedOther: true, training: 0.97 }
            : { version, usual: 0.97, other: 0.75, learnedOther: false },
      });
      return Math.min(...shortestGaps(steps));
    };
    expect(flapping(4 * 86_400)).toBeGreaterThanOrEqual(4);
    // Without it, there would be something to hold.
    expect(flapping(0)).toBeLessThan(2);
  });

  test.each<[string, Omit<Simulation, 'days' | 'seed' | 'policy'>]>([
    ['a drift', { otherShare: episode }],
    [
      'a bad push',
      { people: [{ day: 40, what: (model) => model.activate({ ...asGood, version: 'bad', usual: 0.7 }) }] },
    ],
  ])('does the same through a restart at every step: %s', (_, world) => {
    const through = simulate({ days: 60, seed: 4, policy, ...world });
    const restarted = simulate({ days: 60, seed: 4, policy, restarts: true, ...world });
    expect(restarted.steps).toEqual(through.steps);
    expect(through.steps.length).toBeGreaterThan(0);
    expect(restarted.state).toEqual(through.state satisfies PolicyState);
  });
});

/** For each kind of action, the shortest time in days from one to the next. */
function shortestGaps(steps: readonly Step[]): number[] {
  return [...Map.groupBy(steps, ({ action }) => action).values()].map((same) =>
    Math.min(...same.slice(1).map(({ day }, at) => day - same[at]!.day)),
  );
}
