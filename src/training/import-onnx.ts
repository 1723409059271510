import { packEncoder } from '../artefacts/encoder-pack.ts';
import type { ManifestDetails } from '../artefacts/pack.ts';
import { fitCalibration } from '../classifier/learning/calibration.ts';
import { labelledPrediction } from '../classifier/learning/cross-validation.ts';
import { encoderProbabilities } from '../classifier/scoring/encoder-model.ts';
import { computeThresholds, type Thresholds } from '../classifier/statistics/anomalies.ts';
import { evaluate } from '../classifier/statistics/evaluation.ts';
import { buildReference, type Observation } from '../classifier/statistics/training-reference.ts';
import { summariseLabels } from '../datasets/dataset-check.ts';
import { inWindow } from '../runtimes/answer-all.ts';
import { tokensOf } from '../runtimes/encoder.ts';
import { EncoderError } from '../runtimes/encoder-files.ts';
import type { Encoded, Engine } from '../runtimes/onnx/engine.ts';
import { createEngines } from '../runtimes/onnx/engines.ts';
import { summariseEvaluation } from './predict-examples.ts';
import { type Example, toDataFiles } from './read-examples.ts';
import { describeEncoder, openEncoder } from './train-encoder.ts';
import { readHeldOut, requireKnownLabels } from './training-data.ts';
import type { TrainingData, TrainingJob, TrainingResult } from './training-job.ts';

/** The number of texts that wait for the classifier at the same time. */
const WINDOW = 256;

/** The thresholds without data: no text is unusual. */
const NO_THRESHOLDS: Thresholds = { lowConfidence: 0, unknownRatio: 1, minCharacters: 0, maxCharacters: 2 ** 40 };

/**
 * Imports a fine-tuned classifier as it is. Labelled texts give its temperature, its evaluation, and the reference for drift.
 *
 * @param onData receives the summary of these texts.
 * @throws {EncoderError} if the folder has no classifier that can be used
 * @throws {MissingRuntimeError} if ONNX Runtime is not installed
 * @throws {DataFileError} if a file cannot be used
 */
export async function importOnnx(
  job: TrainingJob,
  { onnx: folder, calibration }: { readonly onnx: string; readonly calibration?: TrainingJob['test'] },
  onData: (data: TrainingData) => void,
): Promise<TrainingResult> {
  const engines = createEngines(job.runtimesFolder);
  const encoder = await openEncoder(folder, 'logits', engines);
  const { labels } = encoder.source;
  if (!labels) throw new EncoderError(`${folder}/config.json has no "id2label" with a label for each output`);
  if (labels.length !== encoder.engine.dimensions) {
    const outputs = `${encoder.engine.dimensions} outputs`;
    throw new EncoderError(`${folder} has ${outputs}, and config.json names ${labels.length} labels`);
  }
  const data = calibration === undefined ? undefined : await readHeldOut(toDataFiles(calibration));
  if (data) requireKnownLabels(data.counts, new Set(labels), 'the data', 'the model does not have');
  const examples = data?.examples ?? [];
  const counts = data?.counts ?? new Map<string, number>();
  onData({
    files: data?.files ?? [],
    testFiles: [],
    summary: { examples: examples.length, labels: summariseLabels(new Map(counts)), warnings: [] },
  });
  const encoded = await encodeAll(encoder.engine, examples, job.name);
  await engines.end();
  const answers = encoded.map((one) => ({ output: one.output, unknownRatio: tokensOf(one).unknownRatio }));
  const { scale, ...measured } = measureImported(examples, answers, labels);
  const packed = packEncoder({ algorithm: 'onnx', labels, scale }, describeEncoder(encoder), {
    name: job.name,
    version: job.version,
    training: {
      sha256: data?.sha256 ?? encoder.source.sha256,
      documents: examples.length,
      documentsByLabel: Object.fromEntries(counts),
      seed: job.seed,
      candidates: [],
    },
    ...measured,
  });
  return { ...packed, candidates: [] };
}

async function encodeAll(engine: Engine, examples: readonly Example[], queue: string): Promise<Encoded[]> {
  const encoded: Encoded[] = [];
  await inWindow(examples, WINDOW, async ({ text }, at) => {
    encoded[at] = await engine.encode(text, { queue });
  });
  return encoded;
}

/** An answer of an imported classifier to a text. */
export interface ImportedAnswer {
  /** A score for each label. */
  readonly output: Float32Array;
  readonly unknownRatio: number;
}

/** Returns the fields of the manifest of an imported classifier that labelled texts give. Without texts they say nothing. */
export function measureImported(
  examples: readonly Example[],
  answers: readonly ImportedAnswer[],
  labels: readonly string[],
): { readonly scale: number } & Pick<ManifestDetails, 'evaluation' | 'reference' | 'thresholds'> {
  const { scale, predictions, observations } = measure(examples, answers, labels);
  return {
    scale,
    evaluation: summariseEvaluation(evaluate(predictions), examples.length > 0 ? 'held-out' : 'none'),
    reference: buildReference(observations, labels),
    thresholds: examples.length > 0 ? computeThresholds(observations) : NO_THRESHOLDS,
  };
}

/** Fits the temperature, and predicts each text with the temperature that the other half of the texts gives. */
function measure(examples: readonly Example[], answers: readonly ImportedAnswer[], labels: readonly string[]) {
  const numbers = new Map(labels.map((label, number) => [label, number]));
  const rows = [...examples.keys()];
  const scaleOf = (some: readonly number[]) => {
    if (some.length === 0) return 1;
    const scores = Float64Array.from(some.flatMap((row) => [...answers[row]!.output]));
    const targets = Uint32Array.from(some, (row) => numbers.get(examples[row]!.label)!);
    return fitCalibration(scores, labels.length, targets).scale;
  };
  const halves = [0, 1].map((half) => scaleOf(rows.filter((row) => row % 2 !== half)));
  const observations: Observation[] = [];
  const predictions = examples.map(({ text, label: actual }, row) => {
    const { output, unknownRatio } = answers[row]!;
    const probabilities = encoderProbabilities({ labels, scale: halves[row % 2] }, output);
    const prediction = labelledPrediction(labels, probabilities, numbers.get(actual)!);
    const { predicted: label, confidence } = prediction;
    observations.push({ label, confidence, characters: text.length, unknownRatio });
    return prediction;
  });
  return { scale: scaleOf(rows), predictions, observations };
}
