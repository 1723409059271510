import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atomicWrite } from '../platform/atomic-write.ts';
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
  const file = join(folder, fileName);
  // All drafts have one name: only the holder of the lock writes, and its draft replaces one that a crash left.
  await atomicWrite(file, text, { draft: `${file}.tmp` });
  return { kind: 'roles', roles, text };
}
