import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { z } from 'zod';
import type { Classifier } from '../classifier/scoring/classifier.ts';
import { createLinearClassifier } from '../classifier/scoring/linear-classifier.ts';
import type { LinearModel } from '../classifier/scoring/linear-model.ts';
import { buildTablesInSlices } from '../classifier/scoring/linear-tables.ts';
import { columnsFor } from '../classifier/scoring/linear-weights.ts';
import { createNaturalClassifier } from '../classifier/scoring/natural-classifier.ts';
import type { NaturalModel } from '../classifier/scoring/natural-model.ts';
import { LINEAR_FORMAT, type LinearManifest, type Manifest, type NaturalManifest } from './manifest.ts';
import { packSections, readSection, type Section } from './weights-file.ts';

/** The parts of a manifest that do not come from the model. */
export type ManifestDetails = Pick<
  Manifest,
  | 'name'
  | 'version'
  | 'training'
  | 'evaluation'
  | 'privacy'
  | 'robustness'
  | 'reference'
  | 'referenceDocuments'
  | 'thresholds'
>;

/** The content of a version's folder. */
export interface PackedArtefact {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
}

/** Packs a model into the manifest and the weights of a version. The same model gives the same bytes. */
export function packLinear(model: LinearModel, details: ManifestDetails): PackedArtefact {
  const { bytes, sections } = packSections(linearSections(model));
  const manifest: LinearManifest = {
    format: LINEAR_FORMAT,
    name: details.name,
    version: details.version,
    algorithm: model.algorithm,
    labels: [...model.labels],
    ...linearFields(model),
    weights: { bytes: bytes.byteLength, sha256: sha256(bytes), sections },
    ...measurements(details),
  };
  return { manifest, bytes };
}

/** Returns the arrays of a linear model by the names of their sections. */
export function linearSections(model: LinearModel): Readonly<Record<string, Section>> {
  const { wordHashes, characterHashes, otherWords, stems, idfCodes, weights, bias, prior } = model;
  return {
    wordHashes,
    characterHashes,
    otherWords,
    stemWords: stems.words,
    stemHashes: stems.stems,
    idfCodes,
    weights,
    bias,
    prior,
  };
}

/** Returns the fields of a linear model in a manifest, except for its algorithm. */
export function linearFields(
  model: LinearModel,
): Omit<LinearManifest, keyof ManifestDetails | 'format' | 'algorithm' | 'labels' | 'weights'> {
  const { wordHashes, characterHashes, otherWords, stems } = model;
  return {
    features: { ...model.features, characterNgrams: [...model.features.characterNgrams] },
    sizes: {
      wordFeatures: wordHashes.length,
      characterFeatures: characterHashes.length,
      otherWords: otherWords.length,
      stems: stems.words.length,
    },
    weightStep: model.weightStep,
    ...(model.evidence && {
      evidence: { ...model.evidence, scales: [...model.evidence.scales], shifts: [...model.evidence.shifts] },
    }),
  };
}

/** Packs a model of natural, as `packLinear` does. */
export function packNatural(model: NaturalModel, details: ManifestDetails): PackedArtefact {
  const vocabulary = new Uint8Array(Buffer.from(JSON.stringify(model.vocabulary)));
  const { bytes, sections } = packSections({ vocabulary, weights: model.weights, prior: model.prior });
  const manifest: NaturalManifest = {
    format: LINEAR_FORMAT,
    name: details.name,
    version: details.version,
    algorithm: model.algorithm,
    labels: [...model.labels],
    features: { tokenizer: 'natural-aggressive', stem: true, keepStops: model.keepStops },
    sizes: { wordFeatures: model.vocabulary.length, vocabularyBytes: vocabulary.length },
    weights: { bytes: bytes.byteLength, sha256: sha256(bytes), sections },
    ...measurements(details),
  };
  return { manifest, bytes };
}

/** The longest time in milliseconds that building a classifier blocks the event loop before other requests run. */
const MAX_SLICE_MS = 1;

/**
 * Creates the classifier of a manifest without an encoder, and its weights.
 *
 * @throws {Error} if the manifest and the weights do not match
 */
export async function createClassifier(
  manifest: LinearManifest | NaturalManifest,
  bytes: Uint8Array,
): Promise<Classifier> {
  if (isNatural(manifest)) return createNaturalClassifier(unpackNatural(manifest, bytes));
  const model = unpackLinear(manifest, bytes);
  return createLinearClassifier(model, await inSlices(buildTablesInSlices(model)));
}

async function inSlices<T>(work: Generator<undefined, T>): Promise<T> {
  let began = performance.now();
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (performance.now() - began < MAX_SLICE_MS) continue;
    await nextTurn();
    began = performance.now();
  }
}

/** Returns the SHA-256 of bytes in hexadecimal. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export const measurements = (details: ManifestDetails) => ({
  training: details.training,
  evaluation: details.evaluation,
  ...(details.privacy && { privacy: details.privacy }),
  ...(details.robustness && { robustness: details.robustness }),
  reference: details.reference,
  ...(details.referenceDocuments && { referenceDocuments: details.referenceDocuments }),
  thresholds: details.thresholds,
});

const isNatural = (manifest: LinearManifest | NaturalManifest): manifest is NaturalManifest =>
  manifest.algorithm.startsWith('natural-');

/**
 * The maximum size of a bias or a weight. Sums of larger ones can exceed the range of numbers, and an answer would hold
 * NaN. Trained ones are below 100; the import of a model without smoothing has -1e6.
 */
export const MAX_SCORE = 1e9;

/** @throws {Error} if a number is not finite, or outside its range */
export function requireFinite(name: string, numbers: Float32Array | Float64Array, min: number, max: number): void {
  const at = numbers.findIndex((number) => !(number >= min && number <= max));
  if (at !== -1) throw new Error(`number ${at} of its section "${name}" is ${numbers[at]}`);
}

/** Returns the model of a manifest. The arrays that a classifier keeps are copies, so that it does not keep the file. */
function unpackLinear(manifest: LinearManifest, bytes: Uint8Array): LinearModel {
  const { labels, sizes, algorithm, features, weightStep, evidence } = manifest;
  const { sections } = manifest.weights;
  const featureCount = sizes.wordFeatures + sizes.characterFeatures;
  const columns = columnsFor(labels.length);
  const bias = readSection(bytes, sections, 'bias', 'float64', columns).slice();
  requireFinite('bias', bias, -MAX_SCORE, MAX_SCORE);
  const prior = readSection(bytes, sections, 'prior', 'float64', labels.length).slice();
  requireFinite('prior', prior, Number.MIN_VALUE, 1);
  return {
    algorithm,
    labels,
    features,
    wordHashes: readSection(bytes, sections, 'wordHashes', 'int32', sizes.wordFeatures),
    characterHashes: readSection(bytes, sections, 'characterHashes', 'int32', sizes.characterFeatures),
    otherWords: readSection(bytes, sections, 'otherWords', 'int32', sizes.otherWords),
    stems: {
      words: readSection(bytes, sections, 'stemWords', 'int32', sizes.stems),
      stems: readSection(bytes, sections, 'stemHashes', 'int32', sizes.stems).slice(),
    },
    idfCodes: readSection(bytes, sections, 'idfCodes', 'uint8', featureCount),
    weights: readSection(bytes, sections, 'weights', 'int16', featureCount * columns),
    weightStep,
    evidence,
    bias,
    prior,
  };
}

function unpackNatural(manifest: NaturalManifest, bytes: Uint8Array): NaturalModel {
  const { labels, sizes, algorithm, features } = manifest;
  const { sections } = manifest.weights;
  const encoded = readSection(bytes, sections, 'vocabulary', 'uint8', sizes.vocabularyBytes);
  const vocabulary = z
    .array(z.string())
    .length(sizes.wordFeatures)
    .parse(JSON.parse(Buffer.from(encoded).toString()));
  const weights = readSection(bytes, sections, 'weights', 'float64', sizes.wordFeatures * labels.length);
  requireFinite('weights', weights, -MAX_SCORE, MAX_SCORE);
  const prior = readSection(bytes, sections, 'prior', 'float64', labels.length);
  requireFinite('prior', prior, Number.MIN_VALUE, 1);
  return { algorithm, labels, keepStops: features.keepStops, vocabulary, weights, prior };
}
