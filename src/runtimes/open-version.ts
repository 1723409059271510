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
import type { ModelClassifier, Runtime } from './runtime.ts';

/** The runtimes, in the order in which they are asked. */
const RUNTIMES: readonly Runtime[] = [linearRuntime, encoderRuntime];

/** A version that was read and can classify. */
export interface OpenVersion extends Description {
  readonly classifier: ModelClassifier;
}

/** Options of `openVersion`. */
export interface OpenOptions {
  /** Verifies the signature of the version first; without it any version is read. */
  readonly verifier?: SignatureVerifier | undefined;
  readonly engines: Engines;
}

/**
 * Reads the folder of a version, and opens it with the runtime that it needs.
 *
 * @param folder `MODELS/NAME/VERSION`
 * @throws {ArtefactError} if the version cannot be used
 */
export async function openVersion(folder: string, { verifier, engines }: OpenOptions): Promise<OpenVersion> {
  const read = await readContent(folder, verifier);
  const { manifest, signedBy } = read;
  const classifier = await openContent(read, dirname(dirname(folder)), engines).catch((error: Error) => {
    throw new ArtefactError(folder, error.message, { cause: error });
  });
  return { manifest, signedBy, classifier };
}

/** Opens the content of a version. @throws {Error} with one line if it cannot be used */
async function openContent(content: VersionContent, modelsFolder: string, engines: Engines): Promise<ModelClassifier> {
  const openEncoder = (encoder: EncoderDescription, output: Output) =>
    engines.open(`${encoder.sha256} ${output}`, () => findEncoder(modelsFolder, encoder, output));
  const context = { name: content.manifest.name, openEncoder };
  for (const runtime of RUNTIMES) {
    const classifier = await runtime.open(content, context);
    if (classifier) return classifier;
  }
  throw new Error(`there is no runtime for ${content.manifest.algorithm}`);
}
