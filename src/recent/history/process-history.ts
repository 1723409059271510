import type { ProcessEvent } from '../prediction-row.ts';
import { LATENCY_BUCKETS, latencyBucketOf } from './latency-buckets.ts';

/** The length of a point, and of the history. */
export const STEP_SECONDS = 10;
const MAX_POINTS = 3_600 / STEP_SECONDS;

const MAX_EVENTS = 500;

/** The measurements of one process for a period, in a form that adds up over processes. */
export interface RawPoint {
  /** The end of the period, in milliseconds since the epoch. */
  readonly time: number;
  /** The measured part of the period. */
  seconds: number;
  requests: number;
  errors: number;
  /** The number of requests by duration. */
  readonly durations: Uint32Array;
  cpuSeconds: number;
  memoryBytes: number;
  eventLoopDelaySeconds: number;
}

/** Measurements of a process by itself. */
export interface ProcessSample {
  /** The CPU time since the process started. */
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  /** The longest delay since the previous sample. */
  readonly eventLoopDelaySeconds: number;
}

/** Remembers an hour of measurements of this process, and what changed. It is given every clock. */
export class ProcessHistory {
  readonly #points: RawPoint[] = [];
  readonly #events: ProcessEvent[] = [];
  #current: RawPoint = createPoint(0);
  #last: RawPoint = createPoint(0);
  #sampledAt = 0;
  #cpuSeconds = 0;

  /** Counts a request for predictions that has ended. */
  count(seconds: number, isError: boolean): void {
    this.#current.requests += 1;
    if (isError) this.#current.errors += 1;
    this.#current.durations[latencyBucketOf(seconds)]! += 1;
  }

  /** Completes a period of about a second. @param now in milliseconds since the epoch */
  sample(now: number, { cpuSeconds, memoryBytes, eventLoopDelaySeconds }: ProcessSample): void {
    const period = { ...this.#current, time: now, memoryBytes, eventLoopDelaySeconds };
    period.seconds = this.#sampledAt === 0 ? 1 : Math.max(0.001, (now - this.#sampledAt) / 1000);
    period.cpuSeconds = Math.max(0, cpuSeconds - this.#cpuSeconds);
    if (this.#sampledAt === 0) period.cpuSeconds = 0;
    this.#sampledAt = now;
    this.#cpuSeconds = cpuSeconds;
    this.#last = period;
    this.#current = createPoint(now);
    this.#addToPoint(period);
  }

  /** Returns the last second. */
  last(): RawPoint {
    return this.#last;
  }

  /** Returns the points that ended after a time in milliseconds since the epoch, oldest first. */
  pointsAfter(time: number): RawPoint[] {
    return this.#points.filter((point) => point.time > time);
  }

  recordEvent(event: ProcessEvent): void {
    this.#events.push(event);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  events(): readonly ProcessEvent[] {
    return this.#events;
  }

  #addToPoint(period: RawPoint): void {
    const stepMs = STEP_SECONDS * 1000;
    // The middle of the period decides, so that each point has about ten of them.
    const end = Math.floor((period.time - period.seconds * 500) / stepMs) * stepMs + stepMs;
    let point = this.#points.at(-1);
    if (point === undefined || point.time < end) {
      point = createPoint(end);
      this.#points.push(point);
      if (this.#points.length > MAX_POINTS) this.#points.shift();
    }
    addPoint(point, period);
    point.seconds += period.seconds;
    point.memoryBytes = Math.max(point.memoryBytes, period.memoryBytes);
  }
}

/** Creates a point without measurements. @param time its end, in milliseconds since the epoch */
export function createPoint(time: number): RawPoint {
  return {
    time,
    seconds: 0,
    requests: 0,
    errors: 0,
    durations: new Uint32Array(LATENCY_BUCKETS),
    cpuSeconds: 0,
    memoryBytes: 0,
    eventLoopDelaySeconds: 0,
  };
}

/** Adds what adds up, in one process and over several: requests and CPU time. Of delays the longest counts. */
export function addPoint(
  sum: RawPoint,
  { requests, errors, durations, cpuSeconds, eventLoopDelaySeconds }: RawPoint,
): void {
  sum.requests += requests;
  sum.errors += errors;
  sum.cpuSeconds += cpuSeconds;
  sum.eventLoopDelaySeconds = Math.max(sum.eventLoopDelaySeconds, eventLoopDelaySeconds);
  for (let bucket = 0; bucket < LATENCY_BUCKETS; bucket += 1) sum.durations[bucket]! += durations[bucket]!;
}
