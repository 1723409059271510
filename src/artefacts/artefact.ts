import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Classifier } from '../classifier/scoring/classifier.ts';
import { atomicWriteFolder } from '../platform/atomic-write.ts';
import { ARTEFACT_FORMAT, type Manifest, manifestSchema } from './manifest.ts';
import { createClassifier } from './pack.ts';

export type { Manifest } from './manifest.ts';

const MANIFEST_FILE = 'manifest.json';
const WEIGHTS_FILE = 'weights.bin';

/** A version of a model that cannot be read or written. The message names the folder and the reason. */
export class ArtefactError extends Error {
  override name = 'ArtefactError';
  /** The reason without the folder, for clients. */
  readonly reason: string;

  constructor(folder: string, reason: string, options?: ErrorOptions) {
    super(`${folder}: ${reason}`, options);
    this.reason = reason;
  }
}

/**
 * Writes the folder of a version atomically. Once the promise resolves, the version survives a crash of the machine.
 *
 * @throws {ArtefactError} if the folder exists already, or cannot be written
 */
export async function writeArtefact(folder: string, manifest: Manifest, bytes: Uint8Array): Promise<void> {
  if (await exists(folder)) throw new ArtefactError(folder, 'this version exists already');
  try {
    await atomicWriteFolder(folder, async (draft) => {
      await writeFile(join(draft, WEIGHTS_FILE), bytes, { flush: true });
      await writeFile(join(draft, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
    });
  } catch (error) {
    throw new ArtefactError(folder, `it could not be written: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Reads a version into a classifier that is ready to score. All files are checked before their first use, and no part of
 * them is executed.
 *
 * @throws {ArtefactError} if the version is missing, damaged, truncated, or of a newer format
 */
export async function readArtefact(folder: string): Promise<{ manifest: Manifest; classifier: Classifier }> {
  const manifest = await readManifest(folder);
  const bytes = await read(folder, WEIGHTS_FILE);
  const { weights } = manifest;
  if (bytes.byteLength !== weights.bytes) {
    throw new ArtefactError(folder, `${WEIGHTS_FILE} has ${bytes.byteLength} bytes, not ${weights.bytes}`);
  }
  if ((await digestOf(bytes)) !== weights.sha256) {
    throw new ArtefactError(folder, `${WEIGHTS_FILE} is damaged: its sha256 is not the one in ${MANIFEST_FILE}`);
  }
  try {
    return { manifest, classifier: await createClassifier(manifest, bytes) };
  } catch (error) {
    throw new ArtefactError(folder, `${WEIGHTS_FILE} is damaged: ${(error as Error).message}`, { cause: error });
  }
}

async function readManifest(folder: string): Promise<Manifest> {
  const text = (await read(folder, MANIFEST_FILE)).toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ArtefactError(folder, `${MANIFEST_FILE} is not valid JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
  const format = z.object({ format: z.number() }).safeParse(json);
  if (format.success && format.data.format > ARTEFACT_FORMAT) {
    throw new ArtefactError(
      folder,
      `its format is ${format.data.format}, and this Waymark reads formats up to ${ARTEFACT_FORMAT}: a newer Waymark is needed`,
    );
  }
  const manifest = manifestSchema.safeParse(json);
  if (!manifest.success) {
    throw new ArtefactError(folder, `${MANIFEST_FILE} is damaged: ${z.prettifyError(manifest.error)}`);
  }
  return manifest.data;
}

async function read(folder: string, file: string): Promise<Buffer<ArrayBuffer>> {
  try {
    const bytes = await readFile(join(folder, file));
    // Sections are views that need an alignment of 8 bytes. The buffer of a small file is a slice of a shared one.
    return bytes.byteOffset % 8 === 0 ? bytes : Buffer.from(new Uint8Array(bytes).buffer);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new ArtefactError(folder, missing ? `${file} is missing` : `${file} cannot be read`, { cause: error });
  }
}

/** Computes a SHA-256 outside the event loop: for 2 MB it takes a millisecond. */
async function digestOf(bytes: Buffer<ArrayBuffer>): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
