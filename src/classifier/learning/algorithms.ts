import type { WeightedMatrix } from '../features/tf-idf.ts';
import { type AlgorithmName, LEARNER_NAMES, type LearnerName } from '../scoring/algorithm-names.ts';
import { addWeights, type LinearWeights } from '../scoring/linear-weights.ts';
import { fitLogisticRegression } from './logistic-regression.ts';
import { fitComplementNaiveBayes, fitMultinomialNaiveBayes } from './naive-bayes.ts';
import { fitSoftmaxRegression } from './softmax-regression.ts';

/** Inverse penalty of logistic regression: vectors of unit length want a weak penalty. */
const cost = 30;
const passes = 30;
/** Beyond this the accuracy on unseen texts no longer changes. */
const tolerance = 0.01;

/** The learners that an algorithm consists of. */
export function learnersIn(algorithm: AlgorithmName): readonly LearnerName[] {
  return LEARNER_NAMES.filter((learner) => algorithm.split('+').includes(learner));
}

/** Learns from the given rows of the matrix; `targets` holds a label number for each row of it. */
export function fitLearner(
  learner: LearnerName,
  matrix: WeightedMatrix,
  rows: Uint32Array,
  targets: Uint32Array,
  labels: number,
  seed: number,
): LinearWeights {
  switch (learner) {
    case 'multinomial-naive-bayes':
      return fitMultinomialNaiveBayes(matrix, rows, targets, labels);
    case 'complement-naive-bayes':
      return fitComplementNaiveBayes(matrix, rows, targets, labels);
    case 'logistic-regression': {
      const options = { cost, seed, passes, tolerance };
      return labels === 2
        ? fitLogisticRegression(matrix, rows, targets, options)
        : fitSoftmaxRegression(matrix, rows, targets, labels, options);
    }
  }
}

/** Adds up fitted learners, each with its scale; `shift` goes to the bias. */
export function combineLearners(
  fitted: readonly LinearWeights[],
  scales: readonly number[],
  shift: number,
): LinearWeights {
  const { columns, weights, bias } = fitted[0]!;
  const sum = { columns, weights: new Float32Array(weights.length), bias: new Float64Array(bias.length).fill(shift) };
  fitted.forEach((one, at) => {
    addWeights(sum, one, scales[at]!);
  });
  return sum;
}
