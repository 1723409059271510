import { join } from 'node:path';
import { atomicWrite } from '../platform/atomic-write.ts';
import { readRegularFile } from '../platform/regular-file.ts';
import { parseRoles, type Roles, withFormerNames } from './roles.ts';

/** The content of a model's roles file, or its absence. */
export type RolesFile =
  | { readonly kind: 'none' }
  | { readonly kind: 'roles'; readonly roles: Roles; readonly text: string }
  | { readonly kind: 'damaged'; readonly reason: string; readonly text: string };

const FILE_NAME = 'roles.json';

/** The maximum size of the file. Roles with all their former versions have a hundredth of it. */
const MAX_BYTES = 1024 * 1024;

/** Reads `roles.json` from a model's folder. A file that cannot be used is reported as damaged. */
export async function readRoles(folder: string): Promise<RolesFile> {
  let text: string;
  try {
    text = (await readRegularFile(join(folder, FILE_NAME), MAX_BYTES)).toString();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'none' };
    return { kind: 'damaged', reason: `${FILE_NAME} cannot be read: ${message}`, text: '' };
  }
  try {
    return { kind: 'roles', roles: parseRoles(text), text };
  } catch (error) {
    return { kind: 'damaged', reason: `${FILE_NAME} is damaged: ${(error as Error).message}`, text };
  }
}

/**
 * Writes `roles.json` atomically into a model's folder. The caller must hold the lock of the model.
 *
 * @param onUnsynced receives the error if the roles are in effect, and a crash of the machine may lose them
 */
export async function writeRoles(
  folder: string,
  roles: Roles,
  onUnsynced: (error: unknown) => void,
): Promise<RolesFile> {
  const change = roles.change && withFormerNames(roles.change);
  const text = `${JSON.stringify({ ...roles, change }, null, 2)}\n`;
  const file = join(folder, FILE_NAME);
  // All drafts have one name: only the holder of the lock writes, and its draft replaces one that a crash left.
  await atomicWrite(file, text, { draft: `${file}.tmp`, onUnsynced });
  return { kind: 'roles', roles, text };
}
