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

export type SpanEvent = ReadableSpan['events'][number];

/** An event as it is exported. */
export function spanEvent(name: string, time: Instant, attributes: Attributes | undefined): SpanEvent {
  return { name, time: toHrTime(time), ...cleanSimpleAttributes(attributes, attributeLimits) };
}

/** A link as it is exported. */
export function spanLink({ context, attributes }: Link): Link {
  return { context, ...cleanAttributes(attributes, attributeLimits) };
}

/** An exception as the attributes of its event; undefined where there is nothing to tell. */
export function exceptionEvent(exception: Exception): Attributes | undefined {
  const attributes: Attributes = {};
  if (typeof exception === 'string') attributes[ATTR_EXCEPTION_MESSAGE] = exception;
  else if (exception) {
    const type = exception.code ? String(exception.code) : exception.name;
    if (type) attributes[ATTR_EXCEPTION_TYPE] = type;
    if (exception.message) attributes[ATTR_EXCEPTION_MESSAGE] = exception.message;
    if (exception.stack) attributes[ATTR_EXCEPTION_STACKTRACE] = exception.stack;
  }
  const hasMeaning = attributes[ATTR_EXCEPTION_TYPE] || attributes[ATTR_EXCEPTION_MESSAGE];
  return hasMeaning ? attributes : undefined;
}

/** Adds to a list that keeps the last of what comes, and says whether the first had to go. */
export function addWithinLimit<T>(list: T[], added: T): boolean {
  const isFull = list.length >= LIMIT;
  if (isFull) list.shift();
  list.push(added);
  return isFull;
}
