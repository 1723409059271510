import type { AlgorithmName, LearnerName } from '../scoring/algorithm-names.ts';
import { columnsFor } from '../scoring/linear-weights.ts';
import { type Evaluation, evaluate, type Judgement } from '../statistics/evaluation.ts';
import { learnersOf } from './algorithms.ts';
import { blend, blendRatio } from './blend.ts';
import { fitCalibration } from './calibration.ts';
import { type LabelledMatrix, outOfFoldScores } from './cross-validation.ts';
import { judge } from './out-of-fold-answers.ts';

/** What cross-validation says of one algorithm. */
export interface Comparison {
  readonly algorithm: AlgorithmName;
  /** What each learner's scores are multiplied by before they add up to calibrated log-odds. */
  readonly scales: readonly number[];
  readonly shift: number;
  /** Answers for every document by models that never saw it. */
  readonly judgements: readonly Judgement[];
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
): Comparison[] {
  const learners = [...new Set(algorithms.flatMap(learnersOf))];
  const columns = columnsFor(labels.length);
  let done = 0;
  const scores = new Map<LearnerName, Float64Array>();
  for (const learner of learners) {
    const onFold = () => {
      done += 1;
      onProgress(done, learners.length * foldCount);
    };
    scores.set(learner, outOfFoldScores(learner, data, folds, foldCount, seed, onFold));
  }
  const compared = algorithms.map((algorithm) => {
    const [first, second] = learnersOf(algorithm).map((learner) => scores.get(learner)!);
    const ratio = second === undefined ? 0 : blendRatio(first!, second, columns, data.targets);
    const blended = second === undefined ? first! : blend(first!, second, ratio);
    const { scale, shift } = fitCalibration(blended, columns, data.targets);
    const judgements = judge(blended, columns, { scale, shift }, data.targets, labels);
    const scales = second === undefined ? [scale] : [scale, scale * ratio];
    return { algorithm, scales, shift, judgements, evaluation: evaluate(judgements) };
  });
  return compared.sort(
    (a, b) => b.evaluation.accuracy - a.evaluation.accuracy || a.evaluation.logLoss - b.evaluation.logLoss,
  );
}
