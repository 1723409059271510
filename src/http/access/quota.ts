import { Problem } from '../../platform/problems.ts';
import type { Quota } from '../server/caller.ts';

/**
 * Creates a quota with the algorithm of the token bucket. The bucket holds one second's worth, at least 1.
 *
 * @param now returns the time in milliseconds
 */
export function createQuota(
  name: Quota['name'],
  perSecond: number,
  now: () => number = () => performance.now(),
): Quota {
  const capacity = Math.max(perSecond, 1);
  let level = capacity;
  let filledAt = now();

  function fill(): void {
    const at = now();
    level = Math.min(capacity, level + ((at - filledAt) / 1_000) * perSecond);
    filledAt = at;
  }

  return {
    name,
    perSecond,
    take(amount) {
      fill();
      const needed = Math.min(amount, capacity);
      if (level >= needed) {
        level -= amount;
        return;
      }
      const seconds = Math.max(Math.ceil((needed - level) / perSecond), 1);
      throw new Problem('too-many-requests', `This token may use ${perSecond} ${name} per second. Retry later.`, {
        'retry-after': String(seconds),
      });
    },
    state() {
      fill();
      return { remaining: Math.max(Math.floor(level), 0), reset: Math.ceil((capacity - level) / perSecond) };
    },
  };
}
