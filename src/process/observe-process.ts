import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import type { ProcessHistory } from '../recent/history/process-history.ts';
import type { RequestTracker } from '../recent/history/request-tracker.ts';
import type { PredictionMemory } from '../recent/memory/prediction-memory.ts';

/** The time between two samples of the delay of the event loop, and of the other measurements. */
const DELAY_INTERVAL_MS = 250;
const SAMPLE_INTERVAL_MS = 1_000;

/** The resolution of the delay: the timer that measures it is late by up to that. */
const RESOLUTION_MS = 20;

/** The time between two searches for slow rows that are too old. */
const EXPIRE_INTERVAL_MS = 60_000;

/** The parts that get the measurements. */
interface ObservedParts {
  readonly memory: PredictionMemory;
  readonly history: ProcessHistory;
  readonly tracker: RequestTracker;
}

/** Measures this process for its memory of predictions. Returns a function that stops. */
export function observeProcess({ memory, history, tracker }: ObservedParts): () => void {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  let longest = 0;
  let memoryBytes = 0;
  let sampledAt = Date.now();

  const delayTimer = setInterval(() => {
    const now = Date.now();
    const seconds = Math.max(0, delays.max / 1e6 - RESOLUTION_MS) / 1000;
    delays.reset();
    // A histogram without a measurement has a maximum of 0, and one that was reset can have a huge minimum.
    longest = Math.max(longest, seconds);
    if (seconds > 0) memory.recordEventLoopDelay(sampledAt, seconds);
    sampledAt = now;
  }, DELAY_INTERVAL_MS).unref();

  const sample = () => {
    const { user, system } = process.cpuUsage();
    const cpuSeconds = (user + system) / 1e6;
    try {
      memoryBytes = process.memoryUsage.rss();
    } catch {
      // It is read from a file, and the process may have no free descriptor. The last value is used then.
    }
    history.sample(Date.now(), { cpuSeconds, memoryBytes, eventLoopDelaySeconds: longest });
    longest = 0;
  };
  sample();
  const sampleTimer = setInterval(sample, SAMPLE_INTERVAL_MS).unref();
  const expireTimer = setInterval(() => memory.store.expireSlow(Date.now()), EXPIRE_INTERVAL_MS).unref();

  const collections = new PerformanceObserver((list) => {
    const epoch = Date.now() - performance.now();
    for (const { startTime, duration } of list.getEntries()) tracker.recordGc(startTime, duration, epoch);
  });
  collections.observe({ entryTypes: ['gc'] });

  return () => {
    delays.disable();
    collections.disconnect();
    for (const timer of [delayTimer, sampleTimer, expireTimer]) clearInterval(timer);
  };
}
