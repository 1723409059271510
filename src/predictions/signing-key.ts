import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { atomicWrite, makePrivateFolder } from '../platform/atomic-write.ts';
import { readRegularFile } from '../platform/regular-file.ts';

/** The maximum size of the key file. */
const MAX_BYTES = 4_096;

/**
 * Returns the key that signs prediction ids. The first start creates the key in a file that only its owner can read.
 * Later starts read it, so ids from before a restart stay valid.
 *
 * @param dataDir the data folder of the service; created if it does not exist
 * @throws if the file cannot be read or written, or if it holds less than 16 bytes
 */
export async function readOrCreateSigningKey(dataDir: string): Promise<Uint8Array> {
  const file = join(dataDir, 'prediction-id.key');
  const existing = await readKey(file);
  if (existing) return existing;

  await makePrivateFolder(dataDir);
  // With `ifAbsent`, processes that start at the same time use one key.
  await atomicWrite(file, randomBytes(32).toString('base64'), { mode: 0o600, ifAbsent: true });
  const key = await readKey(file);
  if (!key) throw new Error(`${file} was removed while the service created it`);
  return key;
}

async function readKey(file: string): Promise<Uint8Array | undefined> {
  const text = await readRegularFile(file, MAX_BYTES).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const key = Buffer.from(text.toString(), 'base64');
  if (key.length < 16)
    throw new Error(`${file} does not hold a key: remove the file, and the service creates a new key`);
  return key;
}

/** The start of a former key that is the content of a key file. */
const BASE64_PREFIX = 'base64:';

/** Returns a former key of `PREDICTION_ID_KEYS_OLD`: `base64:` and the content of a key file, or a former `PREDICTION_ID_KEY`. */
export function parseFormerKey(text: string): string | Uint8Array {
  return text.startsWith(BASE64_PREFIX) ? Buffer.from(text.slice(BASE64_PREFIX.length), 'base64') : text;
}
