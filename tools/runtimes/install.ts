import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** The files that pin the versions, and the integrity of each package. */
const PINS = ['package.json', 'package-lock.json'];

/** The install scripts would fetch files for graphics cards from elsewhere. The packages bring all that is needed here. */
const NPM_SETTINGS = 'ignore-scripts=true\nonnxruntime-node-install=skip\naudit=false\nfund=false\nloglevel=error\n';

/** Returns whether a folder has the packages in the pinned versions. */
export async function isInstalled(folder: string): Promise<boolean> {
  if (!existsSync(join(folder, 'node_modules'))) return false;
  const [pinned, installed] = await Promise.all([
    readFile(join(import.meta.dirname, 'package-lock.json'), 'utf8'),
    readFile(join(folder, 'package-lock.json'), 'utf8').catch(() => ''),
  ]);
  return pinned === installed;
}

/**
 * Installs the packages into a folder. The folder appears complete, or stays as it was.
 *
 * @throws {Error} if npm fails
 */
export async function install(folder: string): Promise<void> {
  const target = resolve(folder);
  await mkdir(dirname(target), { recursive: true });
  const draft = await mkdtemp(`${target}-`);
  try {
    for (const file of PINS) await copyFile(join(import.meta.dirname, file), join(draft, file));
    await writeFile(join(draft, '.npmrc'), NPM_SETTINGS);
    await runNpm(['ci', '--omit=dev'], draft);
    await removeOtherPlatforms(join(draft, 'node_modules/onnxruntime-node/bin'));
    await rm(target, { recursive: true, force: true });
    await rename(draft, target);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function runNpm(args: readonly string[], cwd: string): Promise<void> {
  const child = spawn('npm', args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise<number | null>((done, failed) => child.on('error', failed).on('close', done));
  if (code !== 0) throw new Error(`npm ${args.join(' ')} failed with the exit code ${code}`);
}

/** Removes the libraries for other systems and processors: two hundred MB. */
async function removeOtherPlatforms(bin: string): Promise<void> {
  for (const api of await readdir(bin)) {
    for (const platform of await readdir(join(bin, api))) {
      const folder = join(bin, api, platform);
      if (platform !== process.platform) await rm(folder, { recursive: true });
      else
        for (const arch of await readdir(folder))
          if (arch !== process.arch) await rm(join(folder, arch), { recursive: true });
    }
  }
}
