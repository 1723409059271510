import type { HrTime, TimeInput } from '@opentelemetry/api';
import { hrTime, hrTimeDuration, isTimeInputHrTime, millisToHrTime } from '@opentelemetry/core';

/** A point in time: milliseconds since the epoch until somebody asks for more, or as it was handed over. */
export type Instant = number | HrTime;

/** No process has run for as many milliseconds, some 30 years; since 2001 the epoch lies further back. */
const LONGEST_UPTIME = 1e12;

/**
 * A time as callers of the API may give it.
 *
 * @param clockOffset what a time by `performance.now()` is off the wall clock; the SDK takes it when a span starts
 */
export function instantOf(time: TimeInput, clockOffset: () => number): Instant {
  if (typeof time === 'number') {
    if (time > LONGEST_UPTIME || time > performance.now()) return time;
    return hrTime(time + clockOffset());
  }
  return isTimeInputHrTime(time) ? time : time.getTime();
}

/** How far the wall clock has moved against the monotonic one since the process began. */
export function clockOffset(wallClock = Date.now(), monotonic = performance.now()): number {
  return wallClock - (monotonic + performance.timeOrigin);
}

export function toHrTime(instant: Instant): HrTime {
  return typeof instant === 'number' ? millisToHrTime(instant) : instant;
}

export function isBefore(one: Instant, other: Instant): boolean {
  if (typeof one === 'number' && typeof other === 'number') return one < other;
  return hrTimeDuration(toHrTime(other), toHrTime(one))[0] < 0;
}
