import type { Attributes } from '@opentelemetry/api';

/** The SDK's default limit on attributes, events and links. A process with other limits uses the SDK's own tracer. */
export const LIMIT = 128;
export const attributeLimits = { attributeCountLimit: LIMIT, attributeValueLengthLimit: Number.POSITIVE_INFINITY };

/** Returns whether a value is a string, a number or a boolean: such a value needs no copy and can be exported. */
export function isSimpleValue(value: unknown): boolean {
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean';
}

/**
 * Copies attributes with simple values. Returns `undefined` for any others: a value or key that the SDK would drop or
 * copy deeply, or more attributes than the limit.
 */
export function copySimpleAttributes(attributes: Attributes): Attributes | undefined {
  const copy = { ...attributes };
  let count = 0;
  for (const key in copy) {
    if (!isSimpleValue(copy[key]) || key === '') return undefined;
    count++;
  }
  return count > LIMIT ? undefined : copy;
}
