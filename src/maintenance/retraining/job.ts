import { z } from 'zod';
import { manifestSchema } from '../../artefacts/manifest.ts';

const [linear] = manifestSchema.options;
const count = z.int().nonnegative();

/** The reasons why a job can fail: a fixed list, so that a metric can count them. */
const FAILURE_REASONS = ['data', 'memory', 'interrupted', 'refused', 'crashed'] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** The progress of a job: `done` of `total` steps of a phase. */
const progress = z.object({
  phase: z.enum(['start', 'read', 'compare', 'fit', 'encode', 'head', 'write']),
  done: count,
  total: count,
});

/** A retraining, as `DATA_DIR/jobs` stores it and the HTTP API shows it. It holds no text. */
export const jobSchema = z.object({
  id: z.string(),
  model: z.string(),
  state: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
  who: z.string(),
  why: z.string(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  progress,
  /** The new version; null until it is written. */
  version: z.string().nullable(),
  /** The number of training examples of the new version. */
  documents: count.nullable(),
  /** The training examples that came from feedback. */
  feedback: linear.shape.training.shape.feedback.unwrap().nullable(),
  failure: z.object({ reason: z.enum(FAILURE_REASONS), detail: z.string() }).nullable(),
  /** The id of the training's trace. */
  traceId: z.string(),
});

export type RetrainJob = z.output<typeof jobSchema>;
export type RetrainProgress = z.output<typeof progress>;

/** The form of a job id: the start time in base 36, then random digits for jobs of the same millisecond. */
export const JOB_ID = /^[0-9a-z]{8,12}-[0-9a-f]{8}$/;
