import { expect, test } from 'vitest';
import { randomHex } from '../../src/telemetry/random-hex.ts';

test('ids have their length and are all different, over many pools', () => {
  const ids = Array.from({ length: 2_000 }, (_, i) => randomHex(i % 3 === 0 ? 16 : 8));
  for (const [i, id] of ids.entries()) expect(id).toMatch(i % 3 === 0 ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{16}$/);
  expect(new Set(ids.map((id) => id.slice(0, 16))).size).toBe(ids.length);
});
