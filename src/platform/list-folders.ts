import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { withDeadline } from './regular-file.ts';
import { SAFE_NAME } from './safe-names.ts';

/**
 * Lists the names of the folders in a folder that are safe in paths. Links to folders count, because Kubernetes mounts
 * volumes with them.
 *
 * @throws the error of the file system
 */
export async function listFolders(folder: string): Promise<string[]> {
  return withDeadline(folder, async () => {
    const entries = await readdir(folder, { withFileTypes: true });
    const names: string[] = [];
    for (const entry of entries) {
      if (!SAFE_NAME.test(entry.name)) continue;
      if (entry.isDirectory() || (entry.isSymbolicLink() && (await isFolder(join(folder, entry.name))))) {
        names.push(entry.name);
      }
    }
    return names;
  });
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
