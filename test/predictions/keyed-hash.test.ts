import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createKeyedHash } from '../../src/predictions/keyed-hash.ts';

const hmac = (key: Uint8Array, data: string | Uint8Array) => createHmac('sha256', key).update(data).digest('latin1');

test('a keyed hash is HMAC-SHA256 as node:crypto computes it, for any key, string and bytes, one after the other', () => {
  const key = fc.uint8Array({ minLength: 1, maxLength: 200 });
  const data = fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.uint8Array({ maxLength: 300 }));
  fc.assert(
    fc.property(key, fc.array(data, { maxLength: 5 }), (key, all) => {
      const keyedHash = createKeyedHash(key);
      const results = all.map(keyedHash);
      expect(results).toEqual(all.map((one) => hmac(key, one)));
    }),
  );
});

test('a lone surrogate counts as node:crypto counts it', () => {
  const key = Buffer.from('a key of 16 bytes');
  expect(createKeyedHash(key)('a\ud800b')).toBe(hmac(key, 'a\ud800b'));
});

test('a text that is longer than all before it, and then a shorter one', () => {
  const key = Buffer.from('a key of 16 bytes');
  const keyedHash = createKeyedHash(key);
  for (const text of ['漢'.repeat(100_000), 'short', 'x'.repeat(300_000), '']) {
    expect(keyedHash(text)).toBe(hmac(key, text));
  }
});
