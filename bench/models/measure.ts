import { labelledPrediction } from '../../src/classifier/learning/cross-validation.ts';
import type { Classifier } from '../../src/classifier/scoring/classifier.ts';
import type { Combination } from '../../src/classifier/scoring/encoder-model.ts';
import {
  combineProbabilities,
  type EncoderModel,
  encoderProbabilities,
} from '../../src/classifier/scoring/encoder-model.ts';
import { type Evaluation, evaluate } from '../../src/classifier/statistics/evaluation.ts';
import { inWindow } from '../../src/runtimes/answer-all.ts';
import { isDeferred, type ModelClassifier } from '../../src/runtimes/runtime.ts';
import type { Example } from '../../src/training/read-examples.ts';

/** The texts whose times are measured. */
const TIMED_TEXTS = 600;
/** The number of texts at the same time for the throughput. */
const CONCURRENCY = 32;

/** The quality of one use of an encoder on test texts. */
export interface Quality extends Pick<Evaluation, 'accuracy' | 'expectedCalibrationError'> {
  /** The share of the texts that the encoder got. */
  readonly escalated: number;
}

/** The parts of a model that answer. */
export interface Answering {
  readonly linear?: Classifier | undefined;
  readonly encoder?: Pick<EncoderModel, 'labels' | 'head'> | undefined;
  readonly combination?: Combination | undefined;
  readonly escalateBelow?: number | undefined;
}

/** Evaluates a use on test texts whose embeddings are known, as the runtime answers. */
export function measureQuality(
  labels: readonly string[],
  { linear, encoder, combination, escalateBelow = 2 }: Answering,
  examples: readonly Example[],
  embeddings: readonly Float32Array[],
): Quality {
  const numbers = new Map(labels.map((label, number) => [label, number]));
  let escalated = 0;
  const predictions = examples.map(({ text, label: actual }, row) => {
    const first = linear?.score(linear.tokenize(text));
    let probabilities = first?.probabilities;
    if (encoder && (!first || first.confidence < escalateBelow)) {
      escalated += 1;
      const own = encoderProbabilities(encoder, embeddings[row]!);
      probabilities = probabilities && combination ? combineProbabilities(probabilities, own, combination) : own;
    }
    return labelledPrediction(labels, probabilities!, numbers.get(actual)!);
  });
  const { accuracy, expectedCalibrationError } = evaluate(predictions);
  return { accuracy, expectedCalibrationError, escalated: escalated / examples.length };
}

/** The speed of a classifier on one core. */
export interface Speed {
  readonly textsPerSecond: number;
  /** Of one text at a time, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Measures the speed of a classifier: one text at a time, and many at the same time. */
export async function measureSpeed(classifier: ModelClassifier, texts: readonly string[]): Promise<Speed> {
  const timed = texts.slice(0, TIMED_TEXTS);
  const classify = async (text: string) => {
    if (isDeferred(classifier)) await classifier.classify(text);
    else classifier.score(classifier.tokenize(text));
  };
  for (const text of timed) await classify(text);
  const durations: number[] = [];
  for (const text of timed) {
    const started = performance.now();
    await classify(text);
    durations.push(performance.now() - started);
  }
  const started = performance.now();
  await inWindow(timed, CONCURRENCY, classify);
  const seconds = (performance.now() - started) / 1000;
  durations.sort((a, b) => a - b);
  const quantile = (share: number) => durations[Math.floor(share * (durations.length - 1))]!;
  return { textsPerSecond: timed.length / seconds, p50: quantile(0.5), p99: quantile(0.99) };
}
