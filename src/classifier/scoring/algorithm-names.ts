/** The algorithms that fit a model on their own. */
export const LEARNER_NAMES = ['logistic-regression', 'complement-naive-bayes', 'multinomial-naive-bayes'] as const;
export type LearnerName = (typeof LEARNER_NAMES)[number];

/**
 * All algorithms: the learners, and pairs of learners. The scores of a pair are added with weights from
 * cross-validation. Both learners are linear, so a pair is one linear model too, and scoring it costs no more.
 */
export const ALGORITHM_NAMES = [
  ...LEARNER_NAMES,
  'logistic-regression+complement-naive-bayes',
  'logistic-regression+multinomial-naive-bayes',
] as const;
export type AlgorithmName = (typeof ALGORITHM_NAMES)[number];
