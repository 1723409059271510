import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readlink, rm, symlink, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { type RunOptions, run } from './run.ts';

/**
 * Unpacks a Debian package, and the web assets that it depends on, into a folder. Unpacked, not installed: that needs no
 * root, and no daemon is left running or enabled on a machine that only wanted a program.
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
    await relinkInside(folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The options that give apt a list of packages: none where the machine's own list will do, else a private, fresh one. */
async function packageLists(name: string, options: RunOptions): Promise<string[]> {
  const known = await run('apt-get', ['download', name], options).then(
    () => true,
    () => false,
  );
  if (known) return [];
  const state = join(options.cwd, 'state');
  await mkdir(join(state, 'lists/partial'), { recursive: true });
  const lists = ['-o', `Dir::State::lists=${join(state, 'lists')}`, '-o', `Dir::Cache=${state}`];
  await run('apt-get', [...lists, 'update'], options);
  return lists;
}

async function webAssets(name: string, lists: string[]): Promise<string[]> {
  const only = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map((kind) => `--no-${kind}`);
  const { stdout } = await promisify(execFile)('apt-cache', [...lists, 'depends', '--recurse', ...only, name]);
  return stdout.split('\n').filter((line) => /^(libjs-|fonts-|node-jquery)/.test(line));
}

/** Points absolute links of an unpacked package at what was unpacked beside it. */
async function relinkInside(root: string): Promise<void> {
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) continue;
    const link = join(entry.parentPath, entry.name);
    const target = await readlink(link);
    if (!target.startsWith('/')) continue;
    await unlink(link);
    await symlink(relative(dirname(link), join(root, target)), link);
  }
}
