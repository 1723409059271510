import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readlink, rm, symlink, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { type RunOptions, run } from './run.ts';

/**
 * Unpacks a Debian package and the web assets that it depends on into a folder. The package is not installed: that
 * would need root, and would start and enable a daemon.
 *
 * @throws {Error} if the download or the unpacking fails
 */
export async function unpackDebianPackage(name: string, folder: string, signal: AbortSignal): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'waymark-apt-'));
  const options = { cwd: scratch, log: join(scratch, 'apt.log'), signal };
  try {
    const lists = await packageLists(name, options);
    const names = [name, ...(await webAssets(name, lists))];
    await run('apt-get', [...lists, 'download', ...names], options);
    for (const file of await readdir(scratch)) {
      if (file.endsWith('.deb')) await run('dpkg-deb', ['-x', file, folder], options);
    }
    await makeLinksRelative(folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/**
 * Returns the apt options for the package lists: none if the machine's lists have the package, else new private lists.
 */
async function packageLists(name: string, options: RunOptions): Promise<string[]> {
  const isListed = await run('apt-get', ['download', name], options).then(
    () => true,
    () => false,
  );
  if (isListed) return [];
  const state = join(options.cwd, 'state');
  await mkdir(join(state, 'lists/partial'), { recursive: true });
  const lists = ['-o', `Dir::State::lists=${join(state, 'lists')}`, '-o', `Dir::Cache=${state}`];
  await run('apt-get', [...lists, 'update'], options);
  return lists;
}

async function webAssets(name: string, lists: string[]): Promise<string[]> {
  const others = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'];
  const onlyDepends = others.map((kind) => `--no-${kind}`);
  const { stdout } = await promisify(execFile)('apt-cache', [...lists, 'depends', '--recurse', ...onlyDepends, name]);
  return stdout.split('\n').filter((line) => /^(libjs-|fonts-|node-jquery)/.test(line));
}

/**
 * Replaces the absolute symbolic links of an unpacked package by relative ones, so that they stay inside the folder.
 */
async function makeLinksRelative(root: string): Promise<void> {
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue;
    const link = join(entry.parentPath, entry.name);
    const target = await readlink(link);
    if (!target.startsWith('/')) continue;
    await unlink(link);
    await symlink(relative(dirname(link), join(root, target)), link);
  }
}
