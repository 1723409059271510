import { z } from 'zod';
import { ALGORITHM_NAMES, ENCODER_ALGORITHMS, REMOTE_ALGORITHM } from '../classifier/scoring/algorithm-names.ts';
import { KNOT_COUNT } from '../classifier/scoring/evidence-calibration.ts';
import { NORMALISATION_NAMES, TOKENIZER_NAMES } from '../classifier/text/text-options.ts';
import { labelRecord } from '../platform/label-record.ts';
import { SAFE_NAME } from '../platform/safe-names.ts';
import { encoderSchema } from './encoder-manifest.ts';
import { remoteSchema } from './remote-manifest.ts';

/**
 * The newest format that is read. It grows when a reader of the old format would misread the new one. Artefacts of format 1
 * have neither normalisation nor calibration by evidence, and score as they were trained. Those of format 3 have an encoder, and
 * those of format 4 an endpoint.
 */
export const ARTEFACT_FORMAT = 4;
/** The format of new artefacts with an encoder. */
export const ENCODER_FORMAT = 3;
/** The format of new artefacts without an encoder, which earlier releases can read too. */
export const LINEAR_FORMAT = 2;
const OLDEST_FORMAT = 1;

/** The maximum of a count. A larger one is damage, and would be reserved as memory. */
const MAX_COUNT = 2 ** 40;
/** The maximum number of labels, and the maximum length of one. */
const MAX_LABELS = 10_000;
const MAX_LABEL_LENGTH = 1_000;
/** A step above this gives scores that are not finite. A trained step is below 1. */
const MAX_WEIGHT_STEP = 1e6;

const count = z.int().nonnegative().max(MAX_COUNT);
const share = z.number().min(0).max(1);
const name = z.string().regex(SAFE_NAME);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const quality = z.object({ precision: share, recall: share, f1: share });

const section = z.object({
  type: z.enum(['int32', 'int16', 'uint8', 'float32', 'float64']),
  offset: count,
  length: count,
});

const evaluation = z.object({
  /**
   * The evaluated texts: `held-out` are those of a separate file, `held-out-share` a share of the data, and
   * `nested-cross-validation` all data, each part with a model that was chosen and learned without it. `cross-validation` are
   * the data in folds that the model had not seen, but that it was chosen on, so its figures are too high. `training` are the
   * data themselves (for an imported model). With `none` there were no texts, and all figures are 0.
   */
  method: z.enum(['held-out', 'held-out-share', 'nested-cross-validation', 'cross-validation', 'training', 'none']),
  count,
  accuracy: share,
  macro: quality,
  micro: quality,
  logLoss: z.number().nonnegative(),
  expectedCalibrationError: share,
});

/** The feedback that a version learned from, in addition to the data. */
const feedback = z.object({
  /** The amount of feedback with a text. */
  given: count,
  /** The amount that was learned. It is part of the `documents` of the training. */
  documents: count,
  /** The amount with a label that the data do not have. */
  otherLabels: count,
  /** The number of data lines that feedback on the same text replaced. */
  replaced: count,
  /** The digest of the learned feedback as lines of `{"text", "label"}`. */
  sha256,
  /** The time of the latest feedback, in milliseconds since the epoch. */
  until: z.int().nonnegative().max(8.64e15).optional(),
});

/** The result of a loss attack on the membership in the training data. */
const privacy = z.object({
  attack: z.literal('loss'),
  /** The attacked texts: those of the training data, and held-out ones. */
  members: count,
  nonMembers: count,
  /** 0.5 is chance. */
  auc: share,
  /** The share of members that are found while this share of the others is taken for members. */
  truePositives: share,
  falsePositives: share,
});

const distribution = labelRecord(share);

/** The accuracy on texts with seeded changes, and the share of texts whose label a change flips. */
const robustness = z.object({
  count,
  seed: z.int(),
  perturbations: z.array(z.object({ name: z.string(), accuracy: share, flipRate: share })),
});

const sharedFields = {
  format: z.int().min(OLDEST_FORMAT).max(ARTEFACT_FORMAT),
  name,
  version: name,
  labels: z
    .array(z.string().min(1).max(MAX_LABEL_LENGTH))
    .min(2)
    .max(MAX_LABELS)
    .refine((labels) => new Set(labels).size === labels.length, 'has the same label twice'),
  weights: z.object({ bytes: count, sha256, sections: z.record(z.string(), section) }),
  training: z.object({
    sha256,
    documents: count,
    documentsByLabel: labelRecord(count),
    seed: z.int(),
    /** The share of the data that took no part in the choices of the evaluated model. */
    testShare: share.optional(),
    candidates: z.array(
      z.object({
        algorithm: z.enum([...ALGORITHM_NAMES, ...ENCODER_ALGORITHMS]),
        accuracy: share,
        logLoss: z.number(),
      }),
    ),
    feedback: feedback.optional(),
  }),
  evaluation,
  /** Missing without held-out data of a separate file. */
  privacy: privacy.optional(),
  robustness: robustness.optional(),
  reference: z.object({
    label: distribution,
    confidence: distribution,
    characters: distribution,
    unknown_ratio: distribution,
  }),
  /** The number of texts of the reference, if they are not the training documents. */
  referenceDocuments: count.optional(),
  thresholds: z.object({
    lowConfidence: share,
    unknownRatio: share,
    minCharacters: count,
    maxCharacters: count,
  }),
};

/** The fields of a linear model. */
const linearFields = {
  algorithm: z.enum(ALGORITHM_NAMES),
  features: z.object({
    tokenizer: z.enum(TOKENIZER_NAMES),
    normalisation: z.enum(NORMALISATION_NAMES).default('none'),
    stem: z.boolean(),
    wordNgrams: z.int().min(1).max(4),
    characterNgrams: z
      .tuple([z.int().min(0).max(8), z.int().min(0).max(8)])
      .refine(([shortest, longest]) => shortest <= longest, 'has a minimum above its maximum'),
  }),
  sizes: z.object({ wordFeatures: count, characterFeatures: count, otherWords: count, stems: count }),
  weightStep: z.number().positive().max(MAX_WEIGHT_STEP),
  /** The correction of scores by the evidence in a text. Format 1 has none. */
  evidence: z
    .object({
      scales: z.array(z.number()).length(KNOT_COUNT),
      shifts: z.array(z.number()).length(KNOT_COUNT),
      typical: z.number().min(1),
    })
    .optional(),
};

const linearManifest = z.object({ ...sharedFields, ...linearFields });

const naturalManifest = z.object({
  ...sharedFields,
  algorithm: z.enum(['natural-bayes', 'natural-logistic-regression']),
  features: z.object({ tokenizer: z.literal('natural-aggressive'), stem: z.literal(true), keepStops: z.boolean() }),
  sizes: z.object({ wordFeatures: count, vocabularyBytes: count }),
});

/** The maximum of a weight of the product of two classifiers' probabilities, and of the scale of scores. */
const MAX_FACTOR = 1e6;
const factor = z.number().nonnegative().max(MAX_FACTOR);

const encoderManifest = z.object({
  ...sharedFields,
  algorithm: z.enum(ENCODER_ALGORITHMS),
  encoder: encoderSchema,
  /** The linear model that answers together with the encoder. */
  linear: z.object(linearFields).optional(),
  combination: z
    .object({ linear: factor, encoder: factor, shift: z.number().min(-MAX_FACTOR).max(MAX_FACTOR) })
    .optional(),
  /** Of a cascade: the share of the texts that go on to the encoder, and the confidence below which they do. */
  cascade: z.object({ share, escalateBelow: share }).optional(),
  /** Of an imported classifier: the scale of its scores. */
  scale: factor.optional(),
});

const remoteManifest = z.object({
  ...sharedFields,
  algorithm: z.literal(REMOTE_ALGORITHM),
  remote: remoteSchema,
  /** The scale of the logarithms of the probabilities: 1 divided by the temperature. */
  scale: factor,
});

/** The schema of `manifest.json`. */
export const manifestSchema = z.discriminatedUnion('algorithm', [
  linearManifest,
  naturalManifest,
  encoderManifest,
  remoteManifest,
]);

/** The manifest of a version. */
export type Manifest = z.infer<typeof manifestSchema>;
export type LinearManifest = z.infer<typeof linearManifest>;
export type NaturalManifest = z.infer<typeof naturalManifest>;
export type EncoderManifest = z.infer<typeof encoderManifest>;
export type RemoteManifest = z.infer<typeof remoteManifest>;
