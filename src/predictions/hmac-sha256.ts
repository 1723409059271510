import { hash } from 'node:crypto';

/** The block size of SHA-256 in bytes. */
const BLOCK_BYTES = 64;
/** The digest size of SHA-256 in bytes. */
const DIGEST_BYTES = 32;
const INNER_PAD = 0x36;
const OUTER_PAD = 0x5c;

/**
 * Creates a function that returns the HMAC-SHA256 of a message (RFC 2104). It uses two one-shot hashes over a key that
 * is padded once. `createHmac` creates an OpenSSL object for each message, which costs more than hashing a short
 * message.
 */
export function createSigner(key: Uint8Array): (message: Uint8Array) => Buffer {
  const shortKey = key.length > BLOCK_BYTES ? hash('sha256', key, 'buffer') : key;
  const outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, OUTER_PAD);
  let inner = Buffer.alloc(BLOCK_BYTES * 8, INNER_PAD);
  for (const [index, byte] of shortKey.entries()) {
    outer[index]! ^= byte;
    inner[index]! ^= byte;
  }

  return (message) => {
    const length = BLOCK_BYTES + message.length;
    if (length > inner.length) inner = Buffer.concat([inner.subarray(0, BLOCK_BYTES), Buffer.alloc(message.length)]);
    inner.set(message, BLOCK_BYTES);
    outer.write(hash('sha256', inner.subarray(0, length), 'latin1'), BLOCK_BYTES, 'latin1');
    return hash('sha256', outer, 'buffer');
  };
}
