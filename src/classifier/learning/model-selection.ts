import type { AlgorithmName, LearnerName } from '../scoring/algorithm-names.ts';
import type { EvidenceCalibration } from '../scoring/evidence-calibration.ts';
import { columnsFor } from '../scoring/linear-weights.ts';
import { type Evaluation, evaluate } from '../statistics/evaluation.ts';
import { learnersIn } from './algorithms.ts';
import { blendScores, chooseBlendRatio } from './blend.ts';
import { fitCalibration } from './calibration.ts';
import {
  type LabelledMatrix,
  labelShares,
  type OutOfFoldPrediction,
  predictOutOfFold,
  scoreOutOfFold,
} from './cross-validation.ts';
import { fitEvidenceCalibration } from './fit-evidence.ts';

/** The result of cross-validation for one algorithm. */
export interface CrossValidationResult {
  readonly algorithm: AlgorithmName;
  /** A factor for each learner's scores. The sum of the scaled scores, plus `shift`, is the calibrated log-odds. */
  readonly scales: readonly number[];
  readonly shift: number;
  readonly evidence: EvidenceCalibration;
  /** A prediction for every document, by a model that did not see the document. */
  readonly predictions: readonly OutOfFoldPrediction[];
  readonly evaluation: Evaluation;
}

/**
 * Cross-validates the algorithms on the same folds and returns the results, best first: by accuracy, then by log loss.
 *
 * @param folds the fold of each document, 0 to `foldCount` - 1
 * @param onProgress called after each fold of each learner
 * @param keepsProbabilities whether each prediction has the probabilities of all labels
 */
export function compareAlgorithms(
  algorithms: readonly AlgorithmName[],
  data: LabelledMatrix,
  labels: readonly string[],
  folds: Uint8Array,
  foldCount: number,
  seed: number,
  onProgress: (done: number, total: number) => void,
  keepsProbabilities = false,
): CrossValidationResult[] {
  const learners = [...new Set(algorithms.flatMap(learnersIn))];
  const columns = columnsFor(labels.length);
  const prior = labelShares(data.targets.subarray(0, data.documents), labels.length);
  let done = 0;
  const scores = new Map<LearnerName, Float64Array>();
  for (const learner of learners) {
    const onFold = () => {
      done += 1;
      onProgress(done, learners.length * foldCount);
    };
    scores.set(learner, scoreOutOfFold(learner, data, folds, foldCount, seed, onFold));
  }
  const results = algorithms.map((algorithm) => {
    const [first, second] = learnersIn(algorithm).map((learner) => scores.get(learner)!);
    // Whole documents decide about the model, and excerpts only about the meaning of little evidence.
    const ofDocuments = (values: Float64Array) => values.subarray(0, data.documents * columns);
    const targets = data.targets.subarray(0, data.documents);
    const ratio =
      second === undefined ? 0 : chooseBlendRatio(ofDocuments(first!), ofDocuments(second), columns, targets);
    const blended = second === undefined ? first! : blendScores(first!, second, ratio);
    const { scale, shift } = fitCalibration(ofDocuments(blended), columns, targets);
    const calibrated = blended.map((score) => scale * score + shift);
    const evidence = fitEvidenceCalibration(calibrated, columns, data.evidence, data.targets, data.documents, prior);
    const scored = ofDocuments(calibrated);
    const predictions = predictOutOfFold(scored, columns, evidence, data, labels, prior, keepsProbabilities);
    const scales = second === undefined ? [scale] : [scale, scale * ratio];
    return { algorithm, scales, shift, evidence, predictions, evaluation: evaluate(predictions) };
  });
  return results.sort(
    (a, b) => b.evaluation.accuracy - a.evaluation.accuracy || a.evaluation.logLoss - b.evaluation.logLoss,
  );
}
