import type { EncoderDescription } from '../artefacts/encoder-manifest.ts';
import { packEncoder } from '../artefacts/encoder-pack.ts';
import type { ManifestDetails, PackedArtefact } from '../artefacts/pack.ts';
import { trainEncoderModel } from '../classifier/encoders/train-encoder-model.ts';
import type { Candidate, TrainedModel } from '../classifier/learning/trainer.ts';
import type { TrainingProgress } from '../classifier/learning/training-options.ts';
import { createLinearClassifier } from '../classifier/scoring/linear-classifier.ts';
import { computeThresholds, type Thresholds } from '../classifier/statistics/anomalies.ts';
import type { Evaluation } from '../classifier/statistics/evaluation.ts';
import { buildReference, type Reference } from '../classifier/statistics/training-reference.ts';
import { inWindow } from '../runtimes/answer-all.ts';
import { createEncoderClassifier, tokensOf } from '../runtimes/encoder.ts';
import { type EncoderSource, readEncoder, settingsOf } from '../runtimes/encoder-files.ts';
import type { Engine } from '../runtimes/onnx/engine.ts';
import type { Engines } from '../runtimes/onnx/engines.ts';
import type { Output } from '../runtimes/onnx/messages.ts';
import type { ModelClassifier } from '../runtimes/runtime.ts';
import type { Example } from './read-examples.ts';
import type { TrainingEncoder, TrainingJob } from './training-job.ts';

/** The number of texts that wait for the encoder at the same time: enough for full batches of each length. */
const WINDOW = 256;
/** The number of encoded texts after which the progress is reported. */
const PROGRESS_STEP = 64;
/** The share of a cascade, if the job names none. */
const DEFAULT_SHARE = 0.3;

/** A model that was fitted, with its quality on documents that it did not see. */
export interface FittedModel {
  readonly classifier: ModelClassifier;
  readonly candidates: readonly Candidate[];
  readonly evaluation: Evaluation;
  readonly evaluationMethod: TrainedModel['evaluationMethod'];
  readonly testShare: number;
  readonly outOfFoldLabels: readonly string[];
  readonly reference: Reference;
  readonly thresholds: Thresholds;
  readonly pack: (details: ManifestDetails) => PackedArtefact;
}

/** The encoder of a training, ready to encode. */
export interface OpenEncoder {
  readonly source: EncoderSource;
  readonly engine: Engine;
}

/**
 * Opens the encoder of a folder. A training does this first, so that a missing package is not found after minutes.
 *
 * @throws {EncoderError} if the folder has no encoder that can be used
 * @throws {MissingRuntimeError} if ONNX Runtime is not installed
 */
export async function openEncoder(folder: string, output: Output, engines: Engines): Promise<OpenEncoder> {
  const source = await readEncoder(folder);
  const { engine } = await engines.open(`${source.sha256} ${output}`, async () => settingsOf(source, output));
  return { source, engine };
}

/** Returns the description of an encoder for the manifest. */
export function describeEncoder({ source, engine: { dimensions } }: OpenEncoder): EncoderDescription {
  const { sha256, files, maxTokens, pooling } = source;
  return { sha256, files: [...files], dimensions, maxTokens, pooling };
}

/**
 * Trains the head of an encoder on the documents of a trained linear model.
 *
 * @param examples the documents in the order in which the linear model got them
 */
export async function trainEncoder(
  open: OpenEncoder,
  { kind, share = DEFAULT_SHARE }: Pick<TrainingEncoder, 'kind' | 'share'>,
  linear: TrainedModel,
  examples: readonly Example[],
  { name, seed }: Pick<TrainingJob, 'name' | 'seed'>,
  onProgress: (progress: TrainingProgress) => void,
): Promise<FittedModel> {
  const { engine } = open;
  const { dimensions } = engine;
  const total = examples.length;
  const embeddings = new Float32Array(total * dimensions);
  const unknownRatios = new Float64Array(total);
  let done = 0;
  await inWindow(examples, WINDOW, async ({ text }, row) => {
    const encoded = await engine.encode(text, { queue: name });
    embeddings.set(encoded.output, row * dimensions);
    unknownRatios[row] = tokensOf(encoded).unknownRatio;
    done += 1;
    if (done % PROGRESS_STEP === 0 || done === total) onProgress({ phase: 'encode', done, total });
  });
  const { labels } = linear.model;
  const numbers = new Map(labels.map((label, number) => [label, number]));
  const { head, uses, candidates } = trainEncoderModel({
    share,
    linear,
    texts: examples.map(({ text }) => text),
    targets: Uint32Array.from(examples, ({ label }) => numbers.get(label)!),
    embeddings,
    dimensions,
    seed,
    onProgress: (fits, allFits) => onProgress({ phase: 'head', done: fits, total: allFits }),
  });
  const { combination, escalateBelow, predictions, evaluation } = uses[kind];
  const model = { algorithm: kind, labels, head, combination, escalateBelow };
  const linearModel = kind === 'encoder' ? undefined : linear.model;
  const observations = predictions.map(({ predicted, confidence }, row) => {
    const { characters, unknownRatio } = linear.observations[row]!;
    const ownRatio = linearModel ? unknownRatio : unknownRatios[row]!;
    return { label: predicted, confidence, characters, unknownRatio: ownRatio };
  });
  return {
    classifier: createEncoderClassifier(
      { ...model, linear: linearModel && createLinearClassifier(linearModel) },
      engine,
      name,
    ),
    candidates,
    evaluation,
    // The texts took no part in the fits, but in the choice of the penalty and of the combination.
    evaluationMethod: 'cross-validation',
    testShare: 0,
    outOfFoldLabels: predictions.map(({ predicted }) => predicted),
    reference: buildReference(observations, labels),
    thresholds: computeThresholds(observations),
    pack: (details) => packEncoder({ ...model, linear: linearModel, share }, describeEncoder(open), details),
  };
}
