import { expect, test } from 'vitest';
import { keepSamplingState } from '../../../src/telemetry/sdk/server-instrumentation.ts';

test.each([
  ['ot=th:8', 'ot=th:8'],
  ['vendor=secret, ot=rv:0123456789abcd;th:c ,other=secret', 'ot=rv:0123456789abcd;th:c'],
  ['ot=th:secret', undefined],
  ['ot=th:8;x:secret', undefined],
  ['vendor=secret', undefined],
])('keeps of tracestate %j only %j', (state, kept) => {
  const headers = { tracestate: state };
  keepSamplingState(headers);
  expect(headers.tracestate).toBe(kept);
});

test('headers without a tracestate stay unchanged', () => {
  const headers = { host: 'a' };
  keepSamplingState(headers);
  expect(headers).toEqual({ host: 'a' });
});
