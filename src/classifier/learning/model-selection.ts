import type { AlgorithmName, LearnerName } from '../scoring/algorithm-names.ts';
import { columnsFor } from '../scoring/linear-weights.ts';
import { type Evaluation, evaluate, type LabelledPrediction } from '../statistics/evaluation.ts';
import { learnersIn } from './algorithms.ts';
import { blendScores, chooseBlendRatio } from './blend.ts';
import { fitCalibration } from './calibration.ts';
import { type LabelledMatrix, scoreOutOfFold } from './cross-validation.ts';
import { predictOutOfFold } from './out-of-fold-predictions.ts';

/** What cross-validation says of one algorithm. */
export interface CrossValidationResult {
  readonly algorithm: AlgorithmName;
  /** What each learner's scores are multiplied by before they add up to calibrated log-odds. */
  readonly scales: readonly number[];
  readonly shift: number;
  /** Answers for every document by models that never saw it. */
  readonly predictions: readonly LabelledPrediction[];
  readonly evaluation: Evaluation;
}

/**
 * Cross-validates the algorithms on the same folds and puts the best one first: by accuracy, then by log
 * loss.
 */
export function compareAlgorithms(
  algorithms: readonly AlgorithmName[],
  data: LabelledMatrix,
  labels: readonly string[],
  folds: Uint8Array,
  foldCount: number,
  seed: number,
  onProgress: (done: number, total: number) => void,
): CrossValidationResult[] {
  const learners = [...new Set(algorithms.flatMap(learnersIn))];
  const columns = columnsFor(labels.length);
  let done = 0;
  const scores = new Map<LearnerName, Float64Array>();
  for (const learner of learners) {
    const onFold = () => {
      done += 1;
      onProgress(done, learners.length * foldCount);
    };
    scores.set(learner, scoreOutOfFold(learner, data, folds, foldCount, seed, onFold));
  }
  const compared = algorithms.map((algorithm) => {
    const [first, second] = learnersIn(algorithm).map((learner) => scores.get(learner)!);
    const ratio = second === undefined ? 0 : chooseBlendRatio(first!, second, columns, data.targets);
    const blended = second === undefined ? first! : blendScores(first!, second, ratio);
    const { scale, shift } = fitCalibration(blended, columns, data.targets);
    const predictions = predictOutOfFold(blended, columns, { scale, shift }, data.targets, labels);
    const scales = second === undefined ? [scale] : [scale, scale * ratio];
    return { algorithm, scales, shift, predictions, evaluation: evaluate(predictions) };
  });
  return compared.sort(
    (a, b) => b.evaluation.accuracy - a.evaluation.accuracy || a.evaluation.logLoss - b.evaluation.logLoss,
  );
}
