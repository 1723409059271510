import { z } from 'zod';

const share = z.number().min(0).max(1);
const count = z.int().nonnegative();
const interval = z.object({ low: z.number(), high: z.number() }).meta({ description: '95 %' });
const ratio = z.number().nonnegative().nullable();
const evidence = (that: string) =>
  z
    .number()
    .nonnegative()
    .meta({
      description: `The evidence that it is ${that}, an e-value: however often one looks, it reaches 20 with a probability of at most 1/20 where it is not`,
    });

const experiment = {
  version: z.string(),
  since: z.iso.datetime().meta({ description: 'When it took its role' }),
  predictions: count.meta({
    description: 'Texts that it scored in its role: since it took it, or in the last hour where that is shorter',
  }),
  errors: count.meta({ description: 'Texts over the same time that it failed to score' }),
  latencyRatio: z
    .object({ p50: ratio, p99: ratio })
    .meta({ description: 'How many times as long as the active version it took over the same time' }),
  meanConfidence: share.nullable(),
  activeMeanConfidence: share.nullable(),
  drift: z.enum(['stable', 'drift', 'unsure']).meta({ description: "By the answering process's last hour" }),
};

const shadow = z.object({
  ...experiment,
  agreement: share
    .nullable()
    .meta({ description: 'The share of texts that both versions labelled alike, of all ever' }),
  agreementInterval: interval,
  disagreements: z
    .array(z.object({ activeLabel: z.string(), shadowLabel: z.string(), count }))
    .meta({ description: 'The most frequent first' }),
  feedback: z.object({
    count,
    accuracy: share.nullable(),
    activeAccuracy: share.nullable().meta({ description: 'Of the active version, on the same texts' }),
    confusionMatrix: z.object({ labels: z.array(z.string()), counts: z.array(z.array(count)) }),
    paired: z.object({ bothRight: count, onlyActive: count, onlyShadow: count, neither: count }),
  }),
  test: z.object({
    method: z.literal('mcnemar'),
    exact: share.meta({ description: "McNemar's exact two-sided p-value, for who looks once" }),
    midP: share.meta({ description: 'The same, closer to its nominal level' }),
    better: evidence('better'),
    worse: evidence('worse'),
  }),
});

const tally = z.object({ count, correct: count, accuracy: share.nullable(), accuracyInterval: interval });

const canary = z.object({
  ...experiment,
  share: share.meta({ description: 'Of the requests for the bare name' }),
  feedback: tally,
  activeFeedback: tally.meta({ description: 'Of the active version, since the canary began' }),
  test: z.object({
    method: z.literal('mixture-sprt'),
    difference: z.number().nullable().meta({ description: "The canary's accuracy less the active version's" }),
    interval: interval.nullable().meta({ description: '95 % for all looks together; null with few answers' }),
    better: evidence('better'),
    worse: evidence('worse'),
  }),
});

/** The `comparison` of a model. */
export const comparisonSchema = z
  .object({ shadow: shadow.nullable(), canary: canary.nullable() })
  .meta({ description: 'How the versions on trial compare with the active one' });
