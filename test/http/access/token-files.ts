import { createHash } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Returns the digest of a token, as a token file has it. */
export const sha256 = (token: string) => createHash('sha256').update(token).digest('hex');

/** Returns a token for a file. The token itself is `NAME-token`. */
export function storedToken(name: string, scopes: string[], more: Record<string, unknown> = {}) {
  return { name, sha256: sha256(`${name}-token`), scopes, ...more };
}

/** Returns the header of the token with this name. */
export const bearer = (name: string) => ({ authorization: `Bearer ${name}-token` });

/** Writes a token file into a new folder, and returns its path. */
export async function writeTokens(...tokens: unknown[]): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'waymark-tokens-')), 'tokens.json');
  await writeFile(path, JSON.stringify({ tokens }));
  return path;
}
