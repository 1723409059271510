import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createSigner } from '../../src/predictions/hmac-sha256.ts';

const expected = (key: Uint8Array, message: Uint8Array) => createHmac('sha256', key).update(message).digest('hex');

describe('createSigner', () => {
  test.each([0, 1, 16, 32, 63, 64, 65, 200])('returns the same as createHmac for a key of %i bytes', (bytes) => {
    const key = randomBytes(bytes);
    const sign = createSigner(key);
    // A short message follows a long one, because no bytes of the long message may remain.
    for (const length of [0, 1, 55, 56, 64, 448, 449, 5_000, 60]) {
      const message = randomBytes(length);
      expect(sign(message).toString('hex')).toBe(expected(key, message));
    }
  });

  test('returns codes that later calls do not change', () => {
    const key = randomBytes(32);
    const sign = createSigner(key);
    const first = sign(Buffer.from('first'));
    sign(Buffer.from('second'));
    expect(first.toString('hex')).toBe(expected(key, Buffer.from('first')));
  });

  test('returns the code of RFC 4231 (test case 2)', () => {
    expect(createSigner(Buffer.from('Jefe'))(Buffer.from('what do ya want for nothing?')).toString('hex')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });
});
