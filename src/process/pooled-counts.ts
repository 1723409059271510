import { createSlidingCounts, type SlidingCounts, type SlidingCountsFactory } from '../drift/sliding-counts.ts';
import { type CountReport, sendToSupervisor, type TotalCounts, type ToWorker } from './messages.ts';

/** How late one worker's counts are in another's at most. */
const EVERY_MS = 1_000;

/** What one worker has counted, and what it knows of all. */
interface Pooled {
  readonly windowMs: number;
  readonly slices: number;
  /** CountReport here, and not told yet. */
  pending: Float64Array;
  /** Told, and not yet among what is known of all. */
  told: Float64Array;
  all: Float64Array;
}

/**
 * Windows of counts that all workers add to, so that each knows of the whole service: the supervisor keeps them, and they
 * outlive a worker.
 */
export function createPooledCounts(): SlidingCountsFactory {
  const pools = new Map<string, Pooled>();
  let answered = true;

  function exchange(): void {
    // Nothing is told a second time before it is known whether it is among what comes back.
    if (!answered || pools.size === 0) return;
    answered = false;
    const counts = [...pools].map(([name, pool]) => {
      pool.told = pool.pending;
      pool.pending = new Float64Array(pool.told.length);
      return { name, windowMs: pool.windowMs, slices: pool.slices, counts: pool.told };
    });
    void sendToSupervisor({ kind: 'counted', counts });
  }

  process.on('message', (message: ToWorker) => {
    if (message.kind !== 'counts') return;
    answered = true;
    for (const { name, counts } of message.counts) {
      const pool = pools.get(name);
      if (!pool) continue;
      pool.all = counts;
      pool.told = new Float64Array(counts.length);
    }
  });
  setInterval(exchange, EVERY_MS).unref();

  return (name, size, windowMs, slices): SlidingCounts => {
    const zeros = () => new Float64Array(size);
    const pool: Pooled = { windowMs, slices, pending: zeros(), told: zeros(), all: zeros() };
    // Of one name and two sizes one was another version of the same thing.
    const key = `${name} ${size}`;
    pools.set(key, pool);
    exchange();
    return {
      add(at, amount) {
        pool.pending[at]! += amount;
      },
      sums: () => pool.all.map((count, at) => count + pool.told[at]! + pool.pending[at]!),
      close() {
        if (pools.get(key) === pool) pools.delete(key);
      },
    };
  };
}

/** The supervisor's side: adds up what each worker has counted. Of what none has told for a whole window nothing is kept. */
export function createCountsPool(
  now: () => number = Date.now,
): (counted: readonly CountReport[]) => readonly TotalCounts[] {
  const windows = new Map<string, { sliding: SlidingCounts; windowMs: number; toldAt: number }>();

  function add({ name, windowMs, slices, counts }: CountReport): TotalCounts {
    const toldAt = now();
    const sliding = windows.get(name)?.sliding ?? createSlidingCounts(counts.length, windowMs, slices);
    windows.set(name, { sliding, windowMs, toldAt });
    for (const [at, amount] of counts.entries()) if (amount !== 0) sliding.add(at, amount, toldAt);
    return { name, counts: sliding.sums(toldAt) };
  }

  return (counted) => {
    const sums = counted.map(add);
    for (const [name, { windowMs, toldAt }] of windows) if (toldAt < now() - windowMs) windows.delete(name);
    return sums;
  };
}
