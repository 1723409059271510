import { createSlidingCounts, type SlidingCounts, type SlidingCountsFactory } from '../drift/sliding-counts.ts';
import { type CountReport, sendToSupervisor, type TotalCounts, type ToWorker } from './messages.ts';

/** The interval in which workers exchange counts, so the maximum delay of counts between workers. */
const EXCHANGE_INTERVAL_MS = 1_000;

/** The counts of this worker and of all workers over one window. */
interface Pooled {
  readonly windowMs: number;
  readonly slices: number;
  /** The counts of this worker that are not sent yet. */
  unsent: Float64Array;
  /** The counts that are sent, and not in `all` yet. */
  sent: Float64Array;
  /** The counts of all workers, as the supervisor last sent them. */
  all: Float64Array;
}

/**
 * Creates a factory of sliding windows that all workers share, so that each worker knows the counts of the whole service.
 * The supervisor keeps the windows, so they survive the end of a worker.
 */
export function createPooledCounts(): SlidingCountsFactory {
  const pools = new Map<string, Pooled>();
  let acknowledged = true;

  function exchange(): void {
    // Wait for the response to the previous report, so that no count is sent twice.
    if (!acknowledged || pools.size === 0) return;
    acknowledged = false;
    const counts = [...pools].map(([name, pool]) => {
      pool.sent = pool.unsent;
      pool.unsent = new Float64Array(pool.sent.length);
      return { name, windowMs: pool.windowMs, slices: pool.slices, counts: pool.sent };
    });
    void sendToSupervisor({ kind: 'counted', counts });
  }

  process.on('message', (message: ToWorker) => {
    if (message.kind !== 'counts') return;
    acknowledged = true;
    for (const { name, counts } of message.counts) {
      const pool = pools.get(name);
      if (!pool) continue;
      pool.all = counts;
      pool.sent = new Float64Array(counts.length);
    }
  });
  setInterval(exchange, EXCHANGE_INTERVAL_MS).unref();

  return (name, size, windowMs, slices): SlidingCounts => {
    const zeros = () => new Float64Array(size);
    const pool: Pooled = { windowMs, slices, unsent: zeros(), sent: zeros(), all: zeros() };
    // Two windows of one name with different sizes belong to different layouts of the same counts.
    const key = `${name} ${size}`;
    pools.set(key, pool);
    exchange();
    return {
      add(at, amount) {
        pool.unsent[at]! += amount;
      },
      sums: () => pool.all.map((count, at) => count + pool.sent[at]! + pool.unsent[at]!),
      close() {
        if (pools.get(key) === pool) pools.delete(key);
      },
    };
  };
}

/**
 * Creates the supervisor's side of the shared windows. It adds the reports of workers to their windows and returns the
 * totals. It removes a window after a whole window length without a report.
 */
export function createCountsPool(
  now: () => number = () => performance.now(),
): (counted: readonly CountReport[]) => readonly TotalCounts[] {
  const windows = new Map<string, { sliding: SlidingCounts; windowMs: number; reportedAt: number }>();

  function add({ name, windowMs, slices, counts }: CountReport): TotalCounts {
    const reportedAt = now();
    const sliding = windows.get(name)?.sliding ?? createSlidingCounts(counts.length, windowMs, slices);
    windows.set(name, { sliding, windowMs, reportedAt });
    for (const [at, amount] of counts.entries()) if (amount !== 0) sliding.add(at, amount, reportedAt);
    return { name, counts: sliding.sums(reportedAt) };
  }

  return (counted) => {
    const sums = counted.map(add);
    for (const [name, { windowMs, reportedAt }] of windows) if (reportedAt < now() - windowMs) windows.delete(name);
    return sums;
  };
}
