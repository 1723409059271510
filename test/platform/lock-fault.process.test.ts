import { execFileSync, spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { findLockFault } from '../../src/platform/file-lock.ts';
import { startProcess } from '../support/service-process.ts';

const hasCompiler = spawnSync('cc', ['--version']).status === 0 && process.platform === 'linux';
const isRoot = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0;
const ROOT = '22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'waymark lock '));
});

/** Returns the mounts of a machine on which the folder of the test is another file system. */
const mounts = (type: string, options: string, superOptions = 'rw') =>
  `${ROOT}\n36 22 0:30 / ${folder.replaceAll(' ', '\\040')} ${options} shared:5 - ${type} server:/share ${superOptions}\n`;

/** Compiles a library that refuses locks: no file system of a test machine does so, and the function of the system can. */
async function compileShim(): Promise<string> {
  // `LD_PRELOAD` separates paths by blanks, and the folder of the test has some.
  const source = join(await mkdtemp(join(tmpdir(), 'waymark-no-locks-')), 'no-locks.c');
  await writeFile(
    source,
    `#define _GNU_SOURCE
    #include <dlfcn.h>
    #include <errno.h>
    #include <fcntl.h>
    #include <stdarg.h>
    static int refuse(const char *name, int file, int command, void *argument) {
      if (command == F_SETLK || command == F_SETLKW) { errno = ENOLCK; return -1; }
      int (*real)(int, int, ...) = dlsym(RTLD_NEXT, name);
      return real(file, command, argument);
    }
    int fcntl(int file, int command, ...) {
      va_list list; va_start(list, command); void *argument = va_arg(list, void *); va_end(list);
      return refuse("fcntl", file, command, argument);
    }
    int fcntl64(int file, int command, ...) {
      va_list list; va_start(list, command); void *argument = va_arg(list, void *); va_end(list);
      return refuse("fcntl64", file, command, argument);
    }`,
  );
  const library = source.replace(/c$/, 'so');
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
  return library;
}

describe('locks', () => {
  test('of this machine, and of file systems that have them, are no fault', async () => {
    expect(await findLockFault(folder)).toBeUndefined();
    expect(await findLockFault(folder, ROOT)).toBeUndefined();
    expect(await findLockFault(folder, '')).toBeUndefined();
    expect(await findLockFault(folder, mounts('nfs4', 'rw,relatime', 'rw,vers=4.2,local_lock=none'))).toBeUndefined();
    expect(await findLockFault(folder, mounts('nfs', 'rw', 'rw,vers=3,local_lock=flock'))).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([
    ['nfs', 'rw,vers=3,nolock,local_lock=all'],
    ['nfs4', 'rw,local_lock=posix'],
    ['cifs', 'rw,vers=3.1.1,nobrl'],
    ['fuse.sshfs', 'rw'],
  ])('of %s with %s are those of one machine', async (type, superOptions) => {
    const fault = await findLockFault(join(folder, 'models'), mounts(type, 'rw', superOptions));
    expect(fault).toContain('processes of this machine only');
    expect(fault).toContain(type);
  });

  test('of the mount behind a link are looked at', async () => {
    const link = `${folder}.link`;
    await symlink(folder, link);
    expect(await findLockFault(link, mounts('fuse.sshfs', 'rw'))).toContain('fuse.sshfs');
  });

  test.skipIf(!hasCompiler)(
    `that the file system refuses are a fault${hasCompiler ? '' : ' (needs Linux and a C compiler)'}`,
    async () => {
      const library = await compileShim();
      const program = `const { findLockFault } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/platform/file-lock.ts'))});
        process.stdout.write(String(await findLockFault(process.argv[1], process.argv[2])));`;
      const run = (env: Record<string, string>) =>
        execFileSync(process.execPath, ['--input-type=module', '-e', program, folder, mounts('nfs4', 'rw')], {
          encoding: 'utf8',
          env: { ...process.env, ...env },
        });
      expect(run({ LD_PRELOAD: library })).toMatch(/file system \(nfs4\) that refuses locks/);
      expect(run({})).toBe('undefined');
    },
  );

  test.skipIf(!hasCompiler || !isRoot)(
    `that the file system refuses are logged at a start${isRoot ? '' : ' (needs root)'}`,
    async () => {
      execFileSync('mount', ['-t', 'ramfs', 'no-locks', folder]);
      onTestFinished(() => void execFileSync('umount', ['--lazy', folder]));
      await cp(join(import.meta.dirname, '../../models/spam'), join(folder, 'spam'), { recursive: true });
      const service = await startProcess({ MODELS_DIR: folder, LD_PRELOAD: await compileShim() });
      onTestFinished(() => service.kill());
      const fault = { msg: 'locks do not hold', level: 'warn' };
      expect(service.lines).toContainEqual(expect.objectContaining(fault));
    },
  );
});
