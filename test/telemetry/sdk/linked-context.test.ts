import { createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { isTracingSuppressed, suppressTracing, unsuppressTracing } from '@opentelemetry/core';
import { expect, test } from 'vitest';
import { linkedRoot } from '../../../src/telemetry/sdk/linked-context.ts';

const a = createContextKey('a');
const b = createContextKey('b');

test.each([
  ['the API', ROOT_CONTEXT],
  ['ours', linkedRoot],
])('a context has the values that were set, and its parent stays unchanged: %s', (_, root) => {
  const one = root.setValue(a, 1);
  const two = one.setValue(b, 2);
  const other = two.setValue(a, 3);
  const without = other.deleteValue(a);
  const again = without.setValue(a, 4);
  const values = [root, one, two, other, without, again].map((scope) => [scope.getValue(a), scope.getValue(b)]);
  expect(values).toEqual([
    [undefined, undefined],
    [1, undefined],
    [1, 2],
    [3, 2],
    [undefined, 2],
    [4, 2],
  ]);
});

test("the API's own functions work on it", () => {
  const spanContext = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
  const scope = trace.setSpanContext(linkedRoot, spanContext);
  expect(trace.getSpanContext(scope)).toEqual(spanContext);
  expect(trace.getSpan(trace.deleteSpan(scope))).toBeUndefined();
  expect(isTracingSuppressed(scope)).toBe(false);
  expect(isTracingSuppressed(suppressTracing(scope))).toBe(true);
  expect(isTracingSuppressed(unsuppressTracing(suppressTracing(scope)))).toBe(false);
});
