import type { HrTime, TimeInput } from '@opentelemetry/api';
import { hrTime, hrTimeDuration, isTimeInputHrTime, millisToHrTime } from '@opentelemetry/core';

/** A point in time: milliseconds since the epoch, or the `HrTime` that a caller gave. */
export type Instant = number | HrTime;

/** A number above this is a time since the epoch (since 2001), and one below it can be the uptime of a process (30 years). */
const MAX_UPTIME_MS = 1e12;

/**
 * Converts a time in any form that the API allows.
 *
 * @param clockOffset returns the offset for a time by `performance.now()`, in milliseconds; the SDK measures the offset
 *   when a span starts
 */
export function instantOf(time: TimeInput, clockOffset: () => number): Instant {
  if (typeof time === 'number') {
    if (time > MAX_UPTIME_MS || time > performance.now()) return time;
    return hrTime(time + clockOffset());
  }
  return isTimeInputHrTime(time) ? time : time.getTime();
}

/** Returns the milliseconds that the wall clock has gained on the monotonic clock since the process started. */
export function clockOffset(wallClock = Date.now(), monotonic = performance.now()): number {
  return wallClock - (monotonic + performance.timeOrigin);
}

/** Returns a point in time in the form that is exported. */
export function toHrTime(instant: Instant): HrTime {
  return typeof instant === 'number' ? millisToHrTime(instant) : instant;
}

/** Returns whether `one` is before `other`. */
export function isBefore(one: Instant, other: Instant): boolean {
  if (typeof one === 'number' && typeof other === 'number') return one < other;
  return hrTimeDuration(toHrTime(other), toHrTime(one))[0] < 0;
}
