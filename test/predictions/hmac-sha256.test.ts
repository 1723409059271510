import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createSigner } from '../../src/predictions/hmac-sha256.ts';

const expected = (key: Uint8Array, message: Uint8Array) => createHmac('sha256', key).update(message).digest('hex');

describe('createSigner', () => {
  test.each([0, 1, 16, 32, 63, 64, 65, 200])('agrees with createHmac under a key of %i bytes', (bytes) => {
    const key = randomBytes(bytes);
    const sign = createSigner(key);
    // A short one after a long one: nothing of the long one may be left over.
    for (const length of [0, 1, 55, 56, 64, 448, 449, 5_000, 60]) {
      const message = randomBytes(length);
      expect(sign(message).toString('hex')).toBe(expected(key, message));
    }
  });

  test('gives codes that stay as they are', () => {
    const key = randomBytes(32);
    const sign = createSigner(key);
    const first = sign(Buffer.from('first'));
    sign(Buffer.from('second'));
    expect(first.toString('hex')).toBe(expected(key, Buffer.from('first')));
  });

  test('gives what RFC 4231 says (test case 2)', () => {
    expect(createSigner(Buffer.from('Jefe'))(Buffer.from('what do ya want for nothing?')).toString('hex')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });
});
