import type { LinearWeights } from './linear-weights.ts';
import { fitBinary } from './logistic-regression.ts';
import { fitComplementNaiveBayes, fitMultinomialNaiveBayes } from './naive-bayes.ts';
import { fitMultinomial } from './softmax-regression.ts';
import type { WeightedMatrix } from './weighting.ts';

export const algorithmNames = ['logistic-regression', 'complement-naive-bayes', 'multinomial-naive-bayes'] as const;
export type AlgorithmName = (typeof algorithmNames)[number];

/** Inverse penalty of logistic regression: TF-IDF vectors of unit length want a weak one. */
const cost = 20;
const passes = 40;

/** Learns from the given rows of the matrix; `targets` holds a label number for each row of it. */
export function fitAlgorithm(
  algorithm: AlgorithmName,
  matrix: WeightedMatrix,
  rows: Uint32Array,
  targets: Uint32Array,
  labels: number,
  seed: number,
): LinearWeights {
  switch (algorithm) {
    case 'multinomial-naive-bayes':
      return fitMultinomialNaiveBayes(matrix, rows, targets, labels);
    case 'complement-naive-bayes':
      return fitComplementNaiveBayes(matrix, rows, targets, labels);
    case 'logistic-regression': {
      const options = { cost, seed, passes };
      return labels === 2
        ? fitBinary(matrix, rows, targets, options)
        : fitMultinomial(matrix, rows, targets, labels, options);
    }
  }
}
