/** The number of times that both clocks are read. The first reads are slow, because their code is compiled. */
const READS = 20;

/** The time on the system's monotonic clock at which `performance.now()` of this thread was 0, in milliseconds. */
const origin = findOrigin();

/**
 * Returns the time on the system's monotonic clock, in milliseconds. All threads agree on it, to about a microsecond:
 * `performance.now()` starts at another moment in each thread.
 */
export function now(): number {
  return origin + performance.now();
}

/** Reads both clocks, one between two reads of the other, and takes the reads that were closest together. */
function findOrigin(): number {
  let closest = Number.POSITIVE_INFINITY;
  let found = 0;
  for (let read = 0; read < READS; read += 1) {
    const before = performance.now();
    const [seconds, nanoseconds] = process.hrtime();
    const after = performance.now();
    if (after - before >= closest) continue;
    closest = after - before;
    found = seconds * 1_000 + nanoseconds / 1_000_000 - (before + after) / 2;
  }
  return found;
}
