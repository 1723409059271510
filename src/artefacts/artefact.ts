import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import type { Classifier } from '../classifier/scoring/classifier.ts';
import type { EncoderModel } from '../classifier/scoring/encoder-model.ts';
import { atomicWriteFolder } from '../platform/atomic-write.ts';
import { readRegularFile, withDeadline } from '../platform/regular-file.ts';
import { notAsSigned, SIGNATURE_FILE } from '../signing/bundle.ts';
import { digestOfBytes, digestOfFile } from '../signing/folder-files.ts';
import type { Signer } from '../signing/signer.ts';
import type { SignatureVerifier, SignedVersion } from '../signing/verifier.ts';
import { ArtefactError, readError, signatureChecked } from './artefact-error.ts';
import { createEncoderModel } from './encoder-pack.ts';
import { ARTEFACT_FORMAT, type Manifest, manifestSchema } from './manifest.ts';
import { createClassifier, sha256 } from './pack.ts';
import { createRemoteModel, type RemoteModel } from './remote-pack.ts';
import { recordVersions } from './versions.ts';

export type { Manifest } from './manifest.ts';

const MANIFEST_FILE = 'manifest.json';
const WEIGHTS_FILE = 'weights.bin';

/** The maximum size of a manifest. A manifest with a thousand labels has a twentieth of it. */
const MAX_MANIFEST_BYTES = 8 * 1024 * 1024;
/** The maximum size of a weights file: the longest array of JavaScript that every machine can hold. */
const MAX_WEIGHTS_BYTES = 1024 ** 3;

/** The files of a version, by their names. */
export type ArtefactFiles = ReadonlyMap<string, string | Uint8Array>;

/**
 * Returns the files of a version.
 *
 * @param signer signs the version, so that it never appears without its signature
 * @throws {ArtefactError} if `readArtefact` would refuse the manifest
 */
export function packArtefact(folder: string, manifest: Manifest, bytes: Uint8Array, signer?: Signer): ArtefactFiles {
  const valid = manifestSchema.safeParse(manifest);
  if (!valid.success) throw new ArtefactError(folder, `it cannot be stored: ${z.prettifyError(valid.error)}`);
  const files = new Map<string, string | Uint8Array>([
    [WEIGHTS_FILE, bytes],
    [MANIFEST_FILE, `${JSON.stringify(manifest, null, 2)}\n`],
  ]);
  if (!signer) return files;
  const digests = new Map([...files].map(([file, content]) => [file, sha256(Buffer.from(content))]));
  return files.set(SIGNATURE_FILE, signer.sign(manifest.version, digests));
}

/**
 * Writes the folder of a version atomically. Once the promise resolves, the version survives a crash of the machine.
 *
 * @throws {ArtefactError} as `packArtefact`, and if the folder exists already or cannot be written
 */
export async function writeArtefact(
  folder: string,
  manifest: Manifest,
  bytes: Uint8Array,
  signer?: Signer,
): Promise<void> {
  const files = packArtefact(folder, manifest, bytes, signer);
  if (existsSync(folder)) throw new ArtefactError(folder, 'this version exists already');
  const modelFolder = dirname(folder);
  try {
    await atomicWriteFolder(folder, async (draft) => {
      for (const [file, content] of files) await writeFile(join(draft, file), content, { flush: true });
    });
  } catch (error) {
    throw new ArtefactError(folder, `it could not be written: ${(error as Error).message}`, { cause: error });
  }
  // The version is there. A service that finds it records its number too.
  await recordVersions(dirname(modelFolder), basename(modelFolder), [manifest.version]).catch(() => {});
}

/** A version whose weights were not read. */
export interface Description {
  readonly manifest: Manifest;
  /** Names the key or the certificate that signed the version; `undefined` if no signature was verified. */
  readonly signedBy?: string | undefined;
}

/** A version that was read: a classifier, or a model that needs its encoder or its endpoint. */
export interface VersionContent extends Description {
  readonly content: Classifier | EncoderModel | RemoteModel;
}

/** A version that was read, and that needs neither an encoder nor an endpoint. */
export interface Artefact extends Description {
  readonly classifier: Classifier;
}

/**
 * Reads a version. All its files are checked before their first use, and no part of them is executed. The files of an
 * encoder are not among them.
 *
 * @param verifier verifies the signature of the version first; without it any version is read
 * @throws {ArtefactError} if the version is missing, damaged, truncated, of a newer format, or its signature does not fit
 */
export async function readContent(folder: string, verifier?: SignatureVerifier): Promise<VersionContent> {
  const { manifest, signed } = await readManifest(folder, verifier);
  const bytes = await read(folder, WEIGHTS_FILE, manifest.weights.bytes, signed);
  return { manifest, content: await unpackWeights(folder, manifest, bytes), signedBy: signed?.signedBy };
}

/**
 * Reads a version that needs neither an encoder nor an endpoint into a classifier that is ready to score, as `readContent` reads it.
 *
 * @throws {ArtefactError} as `readContent`, and if the version needs an encoder or an endpoint
 */
export async function readArtefact(folder: string, verifier?: SignatureVerifier): Promise<Artefact> {
  const { manifest, content, signedBy } = await readContent(folder, verifier);
  if (!('tokenize' in content)) throw new ArtefactError(folder, 'it needs an encoder or an endpoint');
  return { manifest, classifier: content, signedBy };
}

/**
 * Reads the manifest of a version, and compares the size of the weights file with it. A fault inside the weights file is
 * found by `verifyWeights` or `readArtefact`.
 *
 * @param verifier verifies the signature over all files but the content of the weights, and over their digest
 * @throws {ArtefactError} as `readArtefact`
 */
export async function readDescription(folder: string, verifier?: SignatureVerifier): Promise<Description> {
  const { manifest, signed } = await readManifest(folder, verifier);
  const { bytes, sha256: digest } = manifest.weights;
  // So the digest that `verifyWeights` compares is the signed one.
  if (signed) await signatureChecked(folder, async () => signed.checkDigest(WEIGHTS_FILE, digest));
  const file = await stat(join(folder, WEIGHTS_FILE)).catch((error: unknown) => {
    throw readError(folder, WEIGHTS_FILE, error);
  });
  if (!file.isFile()) throw new ArtefactError(folder, `${WEIGHTS_FILE} cannot be read: it is not a regular file`);
  if (file.size !== bytes) {
    throw wrongWeights(folder, `has ${file.size} bytes, not ${bytes}`, signed?.signedBy);
  }
  return { manifest, signedBy: signed?.signedBy };
}

/**
 * Compares the content of a weights file with its description. It reads the file in chunks into one small buffer, so that
 * the check of many versions takes no memory.
 *
 * @throws {ArtefactError} if the file cannot be read, or its content is another one
 */
export async function verifyWeights(folder: string, { manifest, signedBy }: Description): Promise<void> {
  const path = join(folder, WEIGHTS_FILE);
  const digest = await withDeadline(path, () => digestOfFile(path)).catch((error: unknown) => {
    throw readError(folder, WEIGHTS_FILE, error);
  });
  if (digest !== manifest.weights.sha256) throw wrongWeights(folder, WRONG_DIGEST, signedBy);
}

const WRONG_DIGEST = `is damaged: its sha256 is not the one in ${MANIFEST_FILE}`;

/** Returns the error for weights that are not those of the manifest. If the version is signed, they are not as signed. */
function wrongWeights(folder: string, reason: string, signedBy: string | undefined): ArtefactError {
  if (signedBy === undefined) return new ArtefactError(folder, `${WEIGHTS_FILE} ${reason}`);
  const cause = notAsSigned(WEIGHTS_FILE);
  return new ArtefactError(folder, cause.message, { cause });
}

/** Verifies the signature of a version, if that is needed, and reads its manifest. */
async function readManifest(
  folder: string,
  verifier: SignatureVerifier | undefined,
): Promise<{ manifest: Manifest; signed: SignedVersion | undefined }> {
  const signed =
    verifier && (await signatureChecked(folder, () => verifier.open(folder, [MANIFEST_FILE, WEIGHTS_FILE])));
  const manifest = parseManifest(folder, await read(folder, MANIFEST_FILE, MAX_MANIFEST_BYTES, signed));
  const { bytes } = manifest.weights;
  if (bytes > MAX_WEIGHTS_BYTES) {
    throw new ArtefactError(folder, `${WEIGHTS_FILE} has ${bytes} bytes, more than ${MAX_WEIGHTS_BYTES}`);
  }
  return { manifest, signed };
}

/**
 * Parses the bytes of a manifest.
 *
 * @throws {ArtefactError} if they are no manifest, or one of a newer format
 */
export function parseManifest(folder: string, bytes: Uint8Array): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(bytes).toString('utf8'));
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

/**
 * Checks the bytes of a weights file, and creates its classifier or its model.
 *
 * @throws {ArtefactError} if they are not those of the manifest
 */
export async function unpackWeights(
  folder: string,
  manifest: Manifest,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<VersionContent['content']> {
  const { weights } = manifest;
  if (bytes.byteLength !== weights.bytes) {
    throw new ArtefactError(folder, `${WEIGHTS_FILE} has ${bytes.byteLength} bytes, not ${weights.bytes}`);
  }
  if ((await digestOfBytes(bytes)) !== weights.sha256) {
    throw new ArtefactError(folder, `${WEIGHTS_FILE} ${WRONG_DIGEST}`);
  }
  try {
    if ('remote' in manifest) return createRemoteModel(manifest, bytes);
    return await ('encoder' in manifest ? createEncoderModel(manifest, bytes) : createClassifier(manifest, bytes));
  } catch (error) {
    throw new ArtefactError(folder, `${WEIGHTS_FILE} is damaged: ${(error as Error).message}`, { cause: error });
  }
}

async function read(
  folder: string,
  file: string,
  maxBytes: number,
  signed: SignedVersion | undefined,
): Promise<Buffer<ArrayBuffer>> {
  // Sections are views that need an alignment of 8 bytes, so the buffer is one of its own.
  const bytes = await readRegularFile(join(folder, file), maxBytes).catch((error: unknown) => {
    throw readError(folder, file, error);
  });
  if (signed) await signatureChecked(folder, () => signed.check(file, bytes));
  return bytes;
}
