/** The CPU time in milliseconds by which the pace is measured. */
const MEASURED_MS = 400;
const MAX_PACE = 8;

/**
 * The factor by which work takes longer here than on a machine that does nothing else, a whole number. The time limits of a run are
 * multiplied by it. On a quiet machine they are exact; on a busy one they do not report what only its other processes cause.
 */
export const PACE = measurePace();

function measurePace(): number {
  const started = performance.now();
  const before = process.cpuUsage();
  let used = 0;
  while (used < MEASURED_MS) {
    const { user, system } = process.cpuUsage(before);
    used = (user + system) / 1_000;
  }
  const pace = (performance.now() - started) / used;
  // A start or a request needs several processes, and each of them waits for its turn.
  return pace < 1.5 ? 1 : Math.min(MAX_PACE, Math.ceil(pace * 1.5));
}
