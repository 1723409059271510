import { z } from 'zod';

const share = z.number().min(0).max(1);
const count = z.int().nonnegative();
const interval = z.object({ low: z.number(), high: z.number() }).meta({ description: '95 %' });
const ratio = z.number().nonnegative().nullable();
const evidence = (claim: string) =>
  z
    .number()
    .nonnegative()
    .meta({
      description: `The evidence that the version is ${claim}, an e-value. If the version is not, the e-value reaches 20 with a probability of at most 1/20, however often it is read`,
    });

const experiment = {
  version: z.string(),
  since: z.iso.datetime().meta({ description: 'The time at which the version took its role' }),
  predictions: count.meta({
    description: 'Texts that the version scored in its role: since it took the role, but at most in the last hour',
  }),
  errors: count.meta({ description: 'Texts in the same time that it failed to score' }),
  latencyRatio: z
    .object({ p50: ratio, p99: ratio })
    .meta({ description: 'Its latency divided by the latency of the active version in the same time' }),
  meanConfidence: share.nullable(),
  activeMeanConfidence: share.nullable(),
  drift: z
    .enum(['stable', 'drift', 'unsure'])
    .meta({ description: 'The verdict on the last hour of the answering process' }),
};

const proven = {
  provenBetter: z.number().nonnegative().meta({
    description:
      'The same evidence without an assumption about the labels: each missing label counts against the claim',
  }),
  provenWorse: z.number().nonnegative(),
  coverage: z.object({ due: count, labelled: count, asked: count, reviewed: count }).meta({
    description: 'The labels that could exist and that do exist: of all predictions, and of those picked for review',
  }),
};

const reports = z.object({ predictions: count, objections: count });

const shadow = z.object({
  ...experiment,
  agreement: share.nullable().meta({ description: 'The share of all texts that both versions labelled alike' }),
  agreementInterval: interval,
  disagreements: z
    .array(z.object({ activeLabel: z.string(), shadowLabel: z.string(), count }))
    .meta({ description: 'Most frequent first' }),
  feedback: z.object({
    count,
    accuracy: share.nullable(),
    activeAccuracy: share.nullable().meta({ description: 'The accuracy of the active version on the same texts' }),
    confusionMatrix: z.object({ labels: z.array(z.string()), counts: z.array(z.array(count)) }),
    paired: z.object({ bothRight: count, onlyActive: count, onlyShadow: count, neither: count }),
  }),
  test: z.object({
    method: z.literal('mcnemar'),
    exact: share.meta({ description: "McNemar's exact two-sided p-value. It is valid for one look only" }),
    midP: share.meta({ description: 'The mid-p-value of the same test, which is closer to its nominal level' }),
    better: evidence('better'),
    worse: evidence('worse'),
    ...proven,
  }),
});

const tally = z.object({ count, correct: count, accuracy: share.nullable(), accuracyInterval: interval });

const canary = z.object({
  ...experiment,
  share: share.meta({ description: 'The share of the requests for the bare name' }),
  feedback: tally,
  activeFeedback: tally.meta({ description: 'Feedback on the active version since the canary began' }),
  reports: reports.extend({ active: reports, more: z.number().nonnegative(), fewer: z.number().nonnegative() }).meta({
    description:
      'Predictions that somebody reported as wrong; the evidence that the canary has more, and fewer, than the active version',
  }),
  test: z.object({
    method: z.literal('mixture-sprt'),
    difference: z
      .number()
      .nullable()
      .meta({ description: 'The accuracy of the canary minus that of the active version' }),
    interval: interval
      .nullable()
      .meta({ description: 'The 95 % interval for all looks together; null with few labels' }),
    better: evidence('better'),
    worse: evidence('worse'),
    ...proven,
  }),
});

/** The schema of `comparison` in a model. */
export const comparisonSchema = z
  .object({ shadow: shadow.nullable(), canary: canary.nullable() })
  .meta({ description: 'The comparison of shadow and canary with the active version' });
