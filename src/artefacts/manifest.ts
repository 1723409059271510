import { z } from 'zod';
import { ALGORITHM_NAMES } from '../classifier/scoring/algorithm-names.ts';
import { TOKENIZER_NAMES } from '../classifier/text/text-options.ts';
import { SAFE_NAME } from '../platform/safe-names.ts';

/** Raised when a reader of the old layout would misread the new one. */
export const ARTEFACT_FORMAT = 1;

const count = z.int().nonnegative();
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
   * `held-out` for a file of its own, `cross-validation` for the training data in turns, `training` for texts that the
   * model learned from (all there is with an imported model).
   */
  method: z.enum(['held-out', 'cross-validation', 'training']),
  count,
  accuracy: share,
  macro: quality,
  micro: quality,
  logLoss: z.number().nonnegative(),
  expectedCalibrationError: share,
});

/** What a version learnt from feedback, beside the data whose `sha256` and seed stand next to it. */
const feedback = z.object({
  /** How many came with a text. */
  given: count,
  /** Those of them that were learnt, counted in the training's `documents` too. */
  documents: count,
  /** Those with a label that the data do not have. */
  otherLabels: count,
  /** Lines of the data that gave way to feedback on the same text. */
  replaced: count,
  /** Of the learnt ones as lines of `{"text", "label"}`. */
  sha256,
  /** When the latest of the given ones came in, in milliseconds since the epoch. */
  until: count.optional(),
});

const distribution = z.record(z.string(), share);

const shared = {
  format: z.literal(ARTEFACT_FORMAT),
  name,
  version: name,
  labels: z.array(z.string()).min(2),
  weights: z.object({ bytes: count, sha256, sections: z.record(z.string(), section) }),
  training: z.object({
    sha256,
    documents: count,
    documentsByLabel: z.record(z.string(), count),
    seed: z.int(),
    candidates: z.array(z.object({ algorithm: z.enum(ALGORITHM_NAMES), accuracy: share, logLoss: z.number() })),
    feedback: feedback.optional(),
  }),
  evaluation,
  reference: z.object({
    label: distribution,
    confidence: distribution,
    characters: distribution,
    unknown_ratio: distribution,
  }),
  thresholds: z.object({
    lowConfidence: share,
    unknownRatio: share,
    minCharacters: count,
    maxCharacters: count,
  }),
};

const linearManifest = z.object({
  ...shared,
  algorithm: z.enum(ALGORITHM_NAMES),
  features: z.object({
    tokenizer: z.enum(TOKENIZER_NAMES),
    stem: z.boolean(),
    wordNgrams: z.int().min(1).max(4),
    characterNgrams: z.tuple([z.int().min(0).max(8), z.int().min(0).max(8)]),
  }),
  sizes: z.object({ wordFeatures: count, characterFeatures: count, otherWords: count, stems: count }),
  weightStep: z.number().positive(),
});

const naturalManifest = z.object({
  ...shared,
  algorithm: z.enum(['natural-bayes', 'natural-logistic-regression']),
  features: z.object({ tokenizer: z.literal('natural-aggressive'), stem: z.literal(true), keepStops: z.boolean() }),
  sizes: z.object({ wordFeatures: count, vocabularyBytes: count }),
});

export const manifestSchema = z.discriminatedUnion('algorithm', [linearManifest, naturalManifest]);

/** What an artefact says of itself. */
export type Manifest = z.infer<typeof manifestSchema>;
export type LinearManifest = z.infer<typeof linearManifest>;
export type NaturalManifest = z.infer<typeof naturalManifest>;
