import { z } from 'zod';
import { manifestSchema } from '../../artefacts/manifest.ts';

const [linear] = manifestSchema.options;
const count = z.int().nonnegative();

/** Why a job failed; bounded, so that it can be counted. */
export const failureReasons = ['data', 'memory', 'interrupted', 'refused', 'crashed'] as const;
export type FailureReason = (typeof failureReasons)[number];

/** How far a job is: `done` of `total` steps of a phase. */
const progress = z.object({
  phase: z.enum(['start', 'read', 'compare', 'fit', 'write']),
  done: count,
  total: count,
});

/** A retraining, as it is kept in `DATA_DIR/jobs` and shown. It holds no text. */
export const jobSchema = z.object({
  id: z.string(),
  model: z.string(),
  state: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
  who: z.string(),
  why: z.string(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  progress,
  /** The version that it led to. */
  version: z.string().nullable(),
  /** How many examples that version learnt from, and which of them came from feedback. */
  documents: count.nullable(),
  feedback: linear.shape.training.shape.feedback.unwrap().nullable(),
  failure: z.object({ reason: z.enum(failureReasons), detail: z.string() }).nullable(),
  /** The trace of the training. */
  traceId: z.string(),
});

export type RetrainJob = z.output<typeof jobSchema>;
export type RetrainProgress = z.output<typeof progress>;

/** The form of a job's id: the time that it started, then what tells it from others of that moment. */
export const jobId = /^[0-9a-z]{8,12}-[0-9a-f]{8}$/;
