import type { WeightedMatrix } from '../features/tf-idf.ts';
import { type AlgorithmName, LEARNER_NAMES, type LearnerName } from '../scoring/algorithm-names.ts';
import { addWeights, type LinearWeights } from '../scoring/linear-weights.ts';
import { fitLogisticRegression } from './logistic-regression.ts';
import { fitComplementNaiveBayes, fitMultinomialNaiveBayes } from './naive-bayes.ts';
import { fitSoftmaxRegression } from './softmax-regression.ts';

/**
 * The inverse strength of the L2 penalty of logistic regression. It is high: vectors of length 1 need a weak penalty.
 */
const COST = 30;
const MAX_PASSES = 100;
const TOLERANCE = 2e-3;

/** Options of a fit. */
export interface FitOptions {
  readonly seed: number;
  /** The weight of every row of the matrix. Without it each weight is 1. */
  readonly rowWeights?: Float32Array;
  /** True for a model that only serves a comparison. */
  readonly isRough?: boolean;
}

/** Returns the learners of an algorithm: itself, or the two of a pair. */
export function learnersIn(algorithm: AlgorithmName): readonly LearnerName[] {
  return LEARNER_NAMES.filter((learner) => algorithm.split('+').includes(learner));
}

/**
 * Fits a learner to some rows of the matrix.
 *
 * @param rows the rows to learn from
 * @param targets the label number of every row of the matrix
 * @param labels the number of labels
 */
export function fitLearner(
  learner: LearnerName,
  matrix: WeightedMatrix,
  rows: Uint32Array,
  targets: Uint32Array,
  labels: number,
  { seed, rowWeights, isRough = false }: FitOptions,
): LinearWeights {
  switch (learner) {
    case 'multinomial-naive-bayes':
      return fitMultinomialNaiveBayes(matrix, rows, targets, labels, rowWeights);
    case 'complement-naive-bayes':
      return fitComplementNaiveBayes(matrix, rows, targets, labels, rowWeights);
    case 'logistic-regression': {
      const options = { cost: COST, seed, maxPasses: MAX_PASSES, tolerance: TOLERANCE, isRough, rowWeights };
      return labels === 2
        ? fitLogisticRegression(matrix, rows, targets, options)
        : fitSoftmaxRegression(matrix, rows, targets, labels, options);
    }
  }
}

/** Returns the sum of models, each multiplied by its scale. `shift` is added to each bias. */
export function combineModels(
  models: readonly LinearWeights[],
  scales: readonly number[],
  shift: number,
): LinearWeights {
  const { columns, weights, bias } = models[0]!;
  const sum = {
    columns,
    weights: new Float32Array(weights.length),
    bias: new Float64Array(bias.length).fill(shift),
  };
  models.forEach((model, at) => {
    addWeights(sum, model, scales[at]!);
  });
  return sum;
}
