import { randomFillSync } from 'node:crypto';

/** Bytes for some dozen ids: asking for many at once costs hardly more than asking for a few. */
const pool = Buffer.alloc(1_024);
let digits = '';
let used = 0;

/** Random bytes in hexadecimal: the part of a longer string that is made once in a while. */
export function randomHex(bytes: number): string {
  const length = 2 * bytes;
  if (used + length > digits.length) {
    digits = randomFillSync(pool).toString('hex');
    used = 0;
  }
  used += length;
  return digits.slice(used - length, used);
}
