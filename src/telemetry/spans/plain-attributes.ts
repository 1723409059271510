import type { Attributes } from '@opentelemetry/api';

/** The limits of the SDK where no setting says otherwise; settings that do are left to the SDK's own tracer. */
export const LIMIT = 128;
export const ATTRIBUTE_LIMITS = { attributeCountLimit: LIMIT, attributeValueLengthLimit: Number.POSITIVE_INFINITY };

/** Whether a value can be kept as it is: nobody can change it, and it can be exported. */
export function isPlain(value: unknown): boolean {
  const type = typeof value;
  return type === 'string' || type === 'number' || type === 'boolean';
}

/** A copy, or undefined where something is among them that the SDK would leave out, or copy deeply. */
export function copyPlain(attributes: Attributes): Attributes | undefined {
  const copy = { ...attributes };
  let count = 0;
  for (const key in copy) {
    if (!isPlain(copy[key]) || key === '') return undefined;
    count++;
  }
  return count > LIMIT ? undefined : copy;
}
