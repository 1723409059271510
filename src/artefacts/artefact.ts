import { createHash } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { Classifier } from '../classifier/scoring/classifier.ts';
import { atomicWriteFolder } from '../platform/atomic-write.ts';
import { FileTimeoutError, openRegularFile, readRegularFile, withDeadline } from '../platform/regular-file.ts';
import { ARTEFACT_FORMAT, type Manifest, manifestSchema } from './manifest.ts';
import { createClassifier } from './pack.ts';
import { recordVersions } from './versions.ts';

export type { Manifest } from './manifest.ts';

const MANIFEST_FILE = 'manifest.json';
const WEIGHTS_FILE = 'weights.bin';

/** The maximum size of a manifest. A manifest with a thousand labels has a twentieth of it. */
const MAX_MANIFEST_BYTES = 8 * 1024 * 1024;
/** The maximum size of a weights file: the longest array of JavaScript that every machine can hold. */
const MAX_WEIGHTS_BYTES = 1024 ** 3;

/** A version of a model that cannot be read or written. The message names the folder and the reason. */
export class ArtefactError extends Error {
  override name = 'ArtefactError';
  /** The reason without the folder, for clients. */
  readonly reason: string;
  /** True if the files could not be read now. They may be intact. */
  readonly isTransient: boolean;

  constructor(folder: string, reason: string, options: ErrorOptions & { isTransient?: boolean } = {}) {
    super(`${folder}: ${reason}`, options);
    this.reason = reason;
    this.isTransient = options.isTransient ?? false;
  }
}

/**
 * Writes the folder of a version atomically. Once the promise resolves, the version survives a crash of the machine.
 *
 * @throws {ArtefactError} if the folder exists already or cannot be written, or if `readArtefact` would refuse the manifest
 */
export async function writeArtefact(folder: string, manifest: Manifest, bytes: Uint8Array): Promise<void> {
  const valid = manifestSchema.safeParse(manifest);
  if (!valid.success) throw new ArtefactError(folder, `it cannot be stored: ${z.prettifyError(valid.error)}`);
  if (await exists(folder)) throw new ArtefactError(folder, 'this version exists already');
  const modelFolder = dirname(folder);
  try {
    await atomicWriteFolder(folder, async (draft) => {
      await writeFile(join(draft, WEIGHTS_FILE), bytes, { flush: true });
      await writeFile(join(draft, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
    });
  } catch (error) {
    throw new ArtefactError(folder, `it could not be written: ${(error as Error).message}`, { cause: error });
  }
  // The version is there. A service that finds it records its number too.
  await recordVersions(dirname(modelFolder), basename(modelFolder), [manifest.version]).catch(() => {});
}

/**
 * Reads a version into a classifier that is ready to score. All files are checked before their first use, and no part of
 * them is executed.
 *
 * @throws {ArtefactError} if the version is missing, damaged, truncated, or of a newer format
 */
export async function readArtefact(folder: string): Promise<{ manifest: Manifest; classifier: Classifier }> {
  const manifest = await readManifest(folder);
  const { weights } = manifest;
  requireSize(folder, weights.bytes, weights.bytes);
  const bytes = await read(folder, WEIGHTS_FILE, weights.bytes);
  requireSize(folder, bytes.byteLength, weights.bytes);
  requireDigest(folder, await digestOf(bytes), weights.sha256);
  try {
    return { manifest, classifier: await createClassifier(manifest, bytes) };
  } catch (error) {
    throw new ArtefactError(folder, `${WEIGHTS_FILE} is damaged: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Reads the manifest of a version, and compares the size of the weights file with it. A fault inside the weights file is
 * found by `verifyWeights` or `readArtefact`.
 *
 * @throws {ArtefactError} as `readArtefact`
 */
export async function readDescription(folder: string): Promise<Manifest> {
  const manifest = await readManifest(folder);
  const file = await stat(join(folder, WEIGHTS_FILE)).catch((error: unknown) => {
    throw readError(folder, WEIGHTS_FILE, error);
  });
  if (!file.isFile()) throw new ArtefactError(folder, `${WEIGHTS_FILE} cannot be read: it is not a regular file`);
  requireSize(folder, file.size, manifest.weights.bytes);
  return manifest;
}

/** The number of bytes that are digested before other work gets a turn: a fraction of a millisecond. */
const DIGEST_CHUNK_BYTES = 65_536;

/**
 * Compares the content of a weights file with its manifest. It reads the file in chunks into one small buffer, so that the
 * check of many versions takes no memory.
 *
 * @throws {ArtefactError} if the file cannot be read, or its content is another one
 */
export async function verifyWeights(folder: string, { weights }: Manifest): Promise<void> {
  const path = join(folder, WEIGHTS_FILE);
  const digest = await withDeadline(path, () => digestFile(path)).catch((error: unknown) => {
    throw readError(folder, WEIGHTS_FILE, error);
  });
  requireDigest(folder, digest, weights.sha256);
}

async function digestFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafeSlow(DIGEST_CHUNK_BYTES);
  const file = await openRegularFile(path);
  try {
    for (;;) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(chunk.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

function requireSize(folder: string, size: number, expected: number): void {
  if (expected > MAX_WEIGHTS_BYTES) {
    throw new ArtefactError(folder, `${WEIGHTS_FILE} has ${expected} bytes, more than ${MAX_WEIGHTS_BYTES}`);
  }
  if (size !== expected) throw new ArtefactError(folder, `${WEIGHTS_FILE} has ${size} bytes, not ${expected}`);
}

function requireDigest(folder: string, digest: string, expected: string): void {
  if (digest === expected) return;
  throw new ArtefactError(folder, `${WEIGHTS_FILE} is damaged: its sha256 is not the one in ${MANIFEST_FILE}`);
}

async function readManifest(folder: string): Promise<Manifest> {
  const text = (await read(folder, MANIFEST_FILE, MAX_MANIFEST_BYTES)).toString('utf8');
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

async function read(folder: string, file: string, maxBytes: number): Promise<Buffer<ArrayBuffer>> {
  try {
    // Sections are views that need an alignment of 8 bytes, so the buffer is one of its own.
    return await readRegularFile(join(folder, file), maxBytes);
  } catch (error) {
    throw readError(folder, file, error);
  }
}

/** The errors of the file system that can end without a change of the file. */
const TRANSIENT_ERRORS: ReadonlySet<string | undefined> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EIO',
  'EAGAIN',
  'EBUSY',
]);

function readError(folder: string, file: string, error: unknown): ArtefactError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === 'ENOENT' ? 'is missing' : `cannot be read: ${code ?? message}`;
  const isTransient = error instanceof FileTimeoutError || TRANSIENT_ERRORS.has(code);
  return new ArtefactError(folder, `${file} ${reason}`, { cause: error, isTransient });
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
