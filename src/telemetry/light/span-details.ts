import type { Attributes, Exception, Link } from '@opentelemetry/api';
import { cleanAttributes, cleanSimpleAttributes } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import {
  ATTR_EXCEPTION_MESSAGE,
  ATTR_EXCEPTION_STACKTRACE,
  ATTR_EXCEPTION_TYPE,
} from '@opentelemetry/semantic-conventions';
import { attributeLimits, LIMIT } from './light-attributes.ts';
import { type Instant, toHrTime } from './span-time.ts';

/** An event of a span, as the SDK exports it. */
export type SpanEvent = ReadableSpan['events'][number];

/** Returns an event as the SDK exports it. */
export function spanEvent(name: string, time: Instant, attributes: Attributes | undefined): SpanEvent {
  return { name, time: toHrTime(time), ...cleanSimpleAttributes(attributes, attributeLimits) };
}

/** Returns a link as the SDK exports it. */
export function spanLink({ context, attributes }: Link): Link {
  return { context, ...cleanAttributes(attributes, attributeLimits) };
}

/** Returns the attributes of the event of an exception, or `undefined` if it has neither a type nor a message. */
export function exceptionEvent(exception: Exception): Attributes | undefined {
  const attributes: Attributes = {};
  if (typeof exception === 'string') attributes[ATTR_EXCEPTION_MESSAGE] = exception;
  else if (exception) {
    const type = exception.code ? String(exception.code) : exception.name;
    if (type) attributes[ATTR_EXCEPTION_TYPE] = type;
    if (exception.message) attributes[ATTR_EXCEPTION_MESSAGE] = exception.message;
    if (exception.stack) attributes[ATTR_EXCEPTION_STACKTRACE] = exception.stack;
  }
  const isRecorded = attributes[ATTR_EXCEPTION_TYPE] || attributes[ATTR_EXCEPTION_MESSAGE];
  return isRecorded ? attributes : undefined;
}

/** Appends to a list with a limit. Returns whether the first item was dropped for it. */
export function addWithinLimit<T>(list: T[], item: T): boolean {
  const isFull = list.length >= LIMIT;
  if (isFull) list.shift();
  list.push(item);
  return isFull;
}
