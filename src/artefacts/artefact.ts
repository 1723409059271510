import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Classifier } from '../classifier/scoring/classifier.ts';
import { syncFolder } from '../platform/atomic-write.ts';
import { ARTEFACT_FORMAT, type Manifest, manifestSchema } from './manifest.ts';
import { createClassifier } from './pack.ts';

export type { Manifest } from './manifest.ts';

const manifestFile = 'manifest.json';
const weightsFile = 'weights.bin';

/** A model version that cannot be read or written; the message gives the folder and the reason. */
export class ArtefactError extends Error {
  override name = 'ArtefactError';
  /** Why, without the folder. */
  readonly reason: string;

  constructor(folder: string, reason: string, options?: ErrorOptions) {
    super(`${folder}: ${reason}`, options);
    this.reason = reason;
  }
}

/**
 * Writes a version's folder. It appears complete or not at all: the files go into a folder beside it, which then takes
 * its name.
 *
 * @throws ArtefactError where the folder exists already
 */
export async function writeArtefact(folder: string, manifest: Manifest, bytes: Uint8Array): Promise<void> {
  if (await exists(folder)) throw new ArtefactError(folder, 'this version exists already');
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true });
  const unfinished = join(parent, `.${manifest.version}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await mkdir(unfinished);
    await writeFile(join(unfinished, weightsFile), bytes, { flush: true });
    await writeFile(join(unfinished, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
    await syncFolder(unfinished);
    await rename(unfinished, folder);
    await syncFolder(parent);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw new ArtefactError(folder, `it could not be written: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Reads a version's folder into a classifier that is ready to score. Everything is checked before anything is used, and
 * nothing in the files is run.
 *
 * @throws ArtefactError where the version is missing, damaged, truncated or of a newer format
 */
export async function readArtefact(folder: string): Promise<{ manifest: Manifest; classifier: Classifier }> {
  const manifest = await readManifest(folder);
  const bytes = await read(folder, weightsFile);
  const { weights } = manifest;
  if (bytes.byteLength !== weights.bytes) {
    throw new ArtefactError(folder, `${weightsFile} has ${bytes.byteLength} bytes, not ${weights.bytes}`);
  }
  if ((await digestOf(bytes)) !== weights.sha256) {
    throw new ArtefactError(folder, `${weightsFile} is damaged: its sha256 is not the one in ${manifestFile}`);
  }
  try {
    return { manifest, classifier: await createClassifier(manifest, bytes) };
  } catch (error) {
    throw new ArtefactError(folder, `${weightsFile} is damaged: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Reads a version's manifest alone.
 *
 * @throws ArtefactError where it is missing, damaged or of a newer format
 */
async function readManifest(folder: string): Promise<Manifest> {
  const text = (await read(folder, manifestFile)).toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ArtefactError(folder, `${manifestFile} is no JSON: ${(error as Error).message}`, { cause: error });
  }
  const format = z.object({ format: z.number() }).safeParse(json);
  if (format.success && format.data.format > ARTEFACT_FORMAT) {
    throw new ArtefactError(
      folder,
      `it has format ${format.data.format}, and this Waymark reads up to ${ARTEFACT_FORMAT}: a newer one is needed`,
    );
  }
  const manifest = manifestSchema.safeParse(json);
  if (!manifest.success) {
    throw new ArtefactError(folder, `${manifestFile} is damaged: ${z.prettifyError(manifest.error)}`);
  }
  return manifest.data;
}

async function read(folder: string, file: string): Promise<Buffer<ArrayBuffer>> {
  try {
    const bytes = await readFile(join(folder, file));
    // Sections are read in place, and a small file's buffer may begin anywhere in a shared one.
    return bytes.byteOffset % 8 === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new ArtefactError(folder, missing ? `${file} is missing` : `${file} cannot be read`, { cause: error });
  }
}

/** SHA-256 off the event loop: of 2 MB it is a millisecond. */
async function digestOf(bytes: Buffer<ArrayBuffer>): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
