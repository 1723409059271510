import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The key that signs prediction ids: made at the first start and kept, readable by its owner only, so that ids
 * given out before a restart are still accepted after it.
 *
 * @param dataDir a folder of the service's own; made if it is not there
 */
export async function readOrCreateSigningKey(dataDir: string): Promise<Uint8Array> {
  const file = join(dataDir, 'prediction-id.key');
  const existing = await readKey(file);
  if (existing) return existing;

  await mkdir(dataDir, { recursive: true });
  const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  await writeFile(draft, randomBytes(32).toString('base64'), { mode: 0o600 });
  // A link appears whole and fails if the file is there: of two processes that start at once, one key wins.
  await link(draft, file).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  await unlink(draft);
  const kept = await readKey(file);
  if (!kept) throw new Error(`${file} was removed while it was being made`);
  return kept;
}

async function readKey(file: string): Promise<Uint8Array | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const key = Buffer.from(text, 'base64');
  if (key.length < 16) throw new Error(`${file} does not hold a key: remove it to have a new one made`);
  return key;
}
