import { expect, test } from 'vitest';
import { randomIdGenerator } from '../../src/telemetry/tracing.ts';

test('random ids have their length and are all different, over many pools', () => {
  const { generateTraceId, generateSpanId } = randomIdGenerator;
  const ids = Array.from({ length: 2_000 }, (_, i) => (i % 3 === 0 ? generateTraceId() : generateSpanId()));
  for (const [i, id] of ids.entries()) expect(id).toMatch(i % 3 === 0 ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{16}$/);
  expect(new Set(ids.map((id) => id.slice(0, 16))).size).toBe(ids.length);
});
