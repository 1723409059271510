import { dirname } from 'node:path';
import { type Description, readContent, type VersionContent } from '../artefacts/artefact.ts';
import { ArtefactError } from '../artefacts/artefact-error.ts';
import type { EncoderDescription } from '../artefacts/encoder-manifest.ts';
import type { SignatureVerifier } from '../signing/verifier.ts';
import { encoderRuntime } from './encoder.ts';
import { findEncoder } from './encoder-files.ts';
import { linearRuntime } from './linear.ts';
import type { Engines } from './onnx/engines.ts';
import type { Output } from './onnx/messages.ts';
import type { Remotes } from './remote/remotes.ts';
import { remoteRuntime } from './remote.ts';
import type { ModelClassifier, Runtime } from './runtime.ts';

/** The runtimes, in the order in which they are asked. */
const RUNTIMES: readonly Runtime[] = [linearRuntime, encoderRuntime, remoteRuntime];

/** A version that was read and can classify. */
export interface OpenVersion extends Description {
  readonly classifier: ModelClassifier;
}

/** Options of `openVersion`. */
export interface OpenOptions {
  /** Verifies the signature of the version first; without it any version is read. */
  readonly verifier?: SignatureVerifier | undefined;
  readonly engines: Engines;
  /** Without it, a version with an endpoint cannot be opened. */
  readonly remotes?: Remotes | undefined;
}

/**
 * Reads the folder of a version, and opens it with the runtime that it needs.
 *
 * @param folder `MODELS/NAME/VERSION`
 * @throws {ArtefactError} if the version cannot be used
 */
export async function openVersion(folder: string, options: OpenOptions): Promise<OpenVersion> {
  const read = await readContent(folder, options.verifier);
  const { manifest, signedBy } = read;
  const classifier = await openContent(read, dirname(dirname(folder)), options).catch((error: Error) => {
    throw new ArtefactError(folder, error.message, { cause: error });
  });
  return { manifest, signedBy, classifier };
}

/** Opens the content of a version. @throws {Error} with one line if it cannot be used */
async function openContent(
  content: VersionContent,
  modelsFolder: string,
  { engines, remotes }: OpenOptions,
): Promise<ModelClassifier> {
  const openEncoder = (encoder: EncoderDescription, output: Output) =>
    engines.open(`${encoder.sha256} ${output}`, () => findEncoder(modelsFolder, encoder, output));
  const context = { name: content.manifest.name, openEncoder, remotes };
  for (const runtime of RUNTIMES) {
    const classifier = await runtime.open(content, context);
    if (classifier) return classifier;
  }
  throw new Error(`there is no runtime for ${content.manifest.algorithm}`);
}
