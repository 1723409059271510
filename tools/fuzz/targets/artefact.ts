import { createHash } from 'node:crypto';
import { parseManifest, unpackWeights } from '../../../src/artefacts/artefact.ts';
import { ArtefactError } from '../../../src/artefacts/artefact-error.ts';

/** The bytes of the length of the manifest, before the manifest and the weights. */
const LENGTH_BYTES = 4;

/**
 * Reads a manifest and its weights. Size and digest of the weights are put right first: otherwise no changed byte would
 * come past them.
 */
export async function fuzz(data: Buffer): Promise<void> {
  if (data.length < LENGTH_BYTES) return;
  const end = LENGTH_BYTES + Math.min(data.readUInt32LE(0), data.length - LENGTH_BYTES);
  const weights = Buffer.from(new Uint8Array(data.subarray(end)).buffer);
  try {
    const manifest = parseManifest('', data.subarray(LENGTH_BYTES, end));
    const sha256 = createHash('sha256').update(weights).digest('hex');
    const fitting = { ...manifest, weights: { ...manifest.weights, bytes: weights.length, sha256 } };
    const classifier = await unpackWeights('', fitting, weights);
    if (!('tokenize' in classifier)) return;
    const { label, confidence } = classifier.score(classifier.tokenize('Win a free prize now, it is no spam'));
    if (!manifest.labels.includes(label)) throw new Error('the label is not one of the manifest');
    if (!(confidence >= 0 && confidence <= 1)) throw new Error(`the confidence is ${confidence}`);
  } catch (error) {
    if (!(error instanceof ArtefactError)) throw error;
  }
}
