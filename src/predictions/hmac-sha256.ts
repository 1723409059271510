import { hash } from 'node:crypto';

/** SHA-256 works on blocks of so many bytes, and gives so many. */
const BLOCK = 64;
const DIGEST = 32;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/**
 * HMAC-SHA256 with one key (RFC 2104), as two one-shot hashes over a key that is padded once. `createHmac` makes an object
 * of OpenSSL's for each message, which costs more than the hashing of a short one.
 *
 * @returns what makes the code of a message
 */
export function createSigner(key: Uint8Array): (message: Uint8Array) => Buffer {
  const short = key.length > BLOCK ? hash('sha256', key, 'buffer') : key;
  const outer = Buffer.alloc(BLOCK + DIGEST, OUTER_PAD);
  let inner = Buffer.alloc(BLOCK * 8, INNER_PAD);
  for (const [at, byte] of short.entries()) {
    outer[at]! ^= byte;
    inner[at]! ^= byte;
  }

  return (message) => {
    const length = BLOCK + message.length;
    if (length > inner.length) inner = Buffer.concat([inner.subarray(0, BLOCK), Buffer.alloc(message.length)]);
    inner.set(message, BLOCK);
    outer.write(hash('sha256', inner.subarray(0, length), 'latin1'), BLOCK, 'latin1');
    return hash('sha256', outer, 'buffer');
  };
}
