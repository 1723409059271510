import type { EncoderModel } from '../classifier/scoring/encoder-model.ts';
import type { LinearModel } from '../classifier/scoring/linear-model.ts';
import { columnsFor } from '../classifier/scoring/linear-weights.ts';
import type { EncoderDescription } from './encoder-manifest.ts';
import { ENCODER_FORMAT, type EncoderManifest } from './manifest.ts';
import {
  createClassifier,
  linearFields,
  linearSections,
  MAX_SCORE,
  type ManifestDetails,
  measurements,
  type PackedArtefact,
  requireFinite,
  sha256,
} from './pack.ts';
import { packSections, readSection } from './weights-file.ts';

/** A trained model with an encoder, before it is packed. */
export interface TrainedEncoderModel extends Omit<EncoderModel, 'linear'> {
  readonly linear?: LinearModel | undefined;
  /** The share of the texts that a cascade sends on. */
  readonly share?: number | undefined;
}

/** Packs a model with an encoder, as `packLinear` does. The manifest names the encoder by its digest. */
export function packEncoder(
  model: TrainedEncoderModel,
  encoder: EncoderDescription,
  details: ManifestDetails,
): PackedArtefact {
  const { head, linear, combination, escalateBelow, share, scale } = model;
  const { bytes, sections } = packSections({
    ...(head && { headWeights: head.weights, headBias: head.bias }),
    ...(linear && linearSections(linear)),
  });
  const manifest: EncoderManifest = {
    format: ENCODER_FORMAT,
    name: details.name,
    version: details.version,
    algorithm: model.algorithm,
    labels: [...model.labels],
    encoder,
    ...(linear && { linear: { algorithm: linear.algorithm, ...linearFields(linear) } }),
    ...(combination && { combination }),
    ...(escalateBelow !== undefined && { cascade: { share: share ?? 0, escalateBelow } }),
    ...(scale !== undefined && { scale }),
    weights: { bytes: bytes.byteLength, sha256: sha256(bytes), sections },
    ...measurements(details),
  };
  return { manifest, bytes };
}

/**
 * Creates the model of a manifest with an encoder, and its weights.
 *
 * @throws {Error} if the manifest and the weights do not match
 */
export async function createEncoderModel(manifest: EncoderManifest, bytes: Uint8Array): Promise<EncoderModel> {
  const { algorithm, labels, encoder, linear, combination, cascade, scale, weights } = manifest;
  if (algorithm === 'onnx') {
    if (encoder.dimensions !== labels.length) throw new Error('the encoder has another number of labels');
    return { algorithm, labels, scale };
  }
  if ((algorithm === 'cascade') !== (cascade !== undefined)) throw new Error('the cascade is missing, or not needed');
  if ((algorithm === 'encoder') !== (linear === undefined))
    throw new Error('the linear model is missing, or not needed');
  if ((linear === undefined) !== (combination === undefined)) throw new Error('the combination is missing');
  const columns = columnsFor(labels.length);
  const head = {
    columns,
    weights: readSection(bytes, weights.sections, 'headWeights', 'float32', encoder.dimensions * columns).slice(),
    bias: readSection(bytes, weights.sections, 'headBias', 'float64', columns).slice(),
  };
  requireFinite('headWeights', head.weights, -MAX_SCORE, MAX_SCORE);
  requireFinite('headBias', head.bias, -MAX_SCORE, MAX_SCORE);
  const linearPart = linear && (await createClassifier({ ...manifest, ...linear }, bytes));
  return { algorithm, labels, head, linear: linearPart, combination, escalateBelow: cascade?.escalateBelow };
}
