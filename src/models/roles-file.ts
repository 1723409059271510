import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseRoles, type Roles } from './roles.ts';

/** What is in a model's roles file. */
export type RolesFile =
  | { readonly kind: 'none' }
  | { readonly kind: 'roles'; readonly roles: Roles; readonly text: string }
  | { readonly kind: 'damaged'; readonly reason: string; readonly text: string };

const fileName = 'roles.json';

/** Reads `roles.json` of a model's folder. */
export async function readRoles(folder: string): Promise<RolesFile> {
  let text: string;
  try {
    text = await readFile(join(folder, fileName), 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'none' };
    return { kind: 'damaged', reason: `${fileName} cannot be read: ${message}`, text: '' };
  }
  try {
    return { kind: 'roles', roles: parseRoles(text), text };
  } catch (error) {
    return { kind: 'damaged', reason: `${fileName} is damaged: ${(error as Error).message}`, text };
  }
}

/**
 * Writes `roles.json` under the model's lock: whoever reads it, and whatever ends this process or the machine, it is the
 * old file or the new one.
 */
export async function writeRoles(folder: string, roles: Roles): Promise<RolesFile> {
  const text = `${JSON.stringify(roles, null, 2)}\n`;
  // One name for all drafts: only the holder of the lock writes, and what a dead one left is written over.
  const draft = join(folder, `${fileName}.tmp`);
  await writeFile(draft, text, { flush: true });
  await rename(draft, join(folder, fileName));
  await syncFolder(folder);
  return { kind: 'roles', roles, text };
}

/** Resolves when the names in a folder are on the disk, as `fsync` of a file alone does not promise. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
