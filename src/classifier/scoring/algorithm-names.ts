/** The algorithms that learn by themselves. */
export const LEARNER_NAMES = ['logistic-regression', 'complement-naive-bayes', 'multinomial-naive-bayes'] as const;
export type LearnerName = (typeof LEARNER_NAMES)[number];

/**
 * All algorithms: the learners, and pairs of them. The scores of a pair add up with weights found in cross-validation;
 * both are linear, so what comes out is one linear model that costs no more than either.
 */
export const ALGORITHM_NAMES = [
  ...LEARNER_NAMES,
  'logistic-regression+complement-naive-bayes',
  'logistic-regression+multinomial-naive-bayes',
] as const;
export type AlgorithmName = (typeof ALGORITHM_NAMES)[number];
