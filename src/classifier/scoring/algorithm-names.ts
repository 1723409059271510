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

/**
 * The algorithms with an encoder. `encoder` scores its embeddings alone. With `linear+encoder` both answer each text together,
 * and with `cascade` only the texts that the linear model is not sure about. `onnx` is an imported classifier.
 */
export const ENCODER_ALGORITHMS = ['encoder', 'linear+encoder', 'cascade', 'onnx'] as const;
export type EncoderAlgorithm = (typeof ENCODER_ALGORITHMS)[number];

/** The algorithm of a version whose texts a model behind an endpoint classifies. */
export const REMOTE_ALGORITHM = 'remote';
