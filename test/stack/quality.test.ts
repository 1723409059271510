import { beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { eventually, promQuery } from '../../tools/stack/check/queries.ts';
import { labelledMails } from './support/labelled-mails.ts';
import { predictAll, sendFeedback } from './support/prediction-api.ts';
import { describeStack } from './support/running-stack.ts';

const MAILS = 2_000;

const figuresSchema = z.object({ precision: z.number(), recall: z.number(), f1: z.number() });
const qualitySchema = z.object({
  count: z.number(),
  accuracy: z.number(),
  macro: figuresSchema,
  micro: figuresSchema,
  labels: z.record(z.string(), figuresSchema),
  confusionMatrix: z.object({ labels: z.array(z.string()), counts: z.array(z.array(z.number())) }),
});

interface LabelPair {
  actual: string;
  predicted: string;
}

describeStack('2,000 labelled mails, a tenth of them with wrong labels', (stack) => {
  /** The labels of the feedback and of the predictions. */
  let pairs: LabelPair[];

  beforeAll(async () => {
    const mails = await labelledMails(MAILS);
    const { service, prometheus } = stack().urls;
    const predictions = await predictAll(
      service,
      mails.map(({ text }) => text),
    );
    const labels = predictions.map(({ id }, at) => {
      const { label } = mails[at]!;
      const wrong = label === 'spam' ? 'ham' : 'spam';
      return { id, label: at % 10 === 0 ? wrong : label };
    });
    pairs = labels.map(({ label }, at) => ({ actual: label, predicted: predictions[at]!.prediction }));
    await sendFeedback(service, labels);
    // The same feedback again counts once.
    await sendFeedback(service, labels.slice(0, 100));
    await eventually(async () => {
      const [total] = await promQuery(prometheus, 'sum(classifier:feedback:count{window="all"})');
      expect(total?.value).toBe(MAILS);
    });
  });

  const share = (matches: (pair: LabelPair) => boolean, among = pairs) => among.filter(matches).length / among.length;

  /** Computes precision, recall and F1 by their definitions. */
  function figuresOf(label: string) {
    const precision = share(
      ({ actual }) => actual === label,
      pairs.filter(({ predicted }) => predicted === label),
    );
    const recall = share(
      ({ predicted }) => predicted === label,
      pairs.filter(({ actual }) => actual === label),
    );
    return { precision, recall, f1: (2 * precision * recall) / (precision + recall) };
  }

  test('give the same figures in GET /quality, in Prometheus and by the definitions, to 1e-9', async () => {
    const quality = qualitySchema.parse(await (await fetch(`${stack().urls.service}/quality`)).json());
    const recorded = async (name: string, label?: string) => {
      const selector = label === undefined ? '' : `, label="${label}"`;
      const samples = await promQuery(stack().urls.prometheus, `${name}{model="spam", version="1"${selector}}`);
      expect(samples, name).toHaveLength(1);
      return samples[0]!.value;
    };
    const accuracy = share(({ actual, predicted }) => actual === predicted);
    expect(accuracy).toBeGreaterThan(0.8);
    expect(accuracy).toBeLessThan(0.95);
    expect(quality.count).toBe(MAILS);
    expect(Math.abs(quality.accuracy - accuracy)).toBeLessThan(1e-9);
    expect(Math.abs((await recorded('classifier:accuracy:ratio')) - accuracy)).toBeLessThan(1e-9);
    for (const label of ['ham', 'spam']) {
      const expected = figuresOf(label);
      for (const figure of ['precision', 'recall', 'f1'] as const) {
        expect(Math.abs(quality.labels[label]![figure] - expected[figure]), `${figure} ${label}`).toBeLessThan(1e-9);
        const value = await recorded(`classifier:${figure}:ratio`, label);
        expect(Math.abs(value - expected[figure]), `${figure} ${label}`).toBeLessThan(1e-9);
      }
    }
    for (const figure of ['precision', 'recall', 'f1'] as const) {
      const mean = (figuresOf('ham')[figure] + figuresOf('spam')[figure]) / 2;
      expect(Math.abs(quality.macro[figure] - mean)).toBeLessThan(1e-9);
      expect(Math.abs((await recorded(`classifier:${figure}_macro:ratio`)) - mean)).toBeLessThan(1e-9);
    }
  });

  test('give the same figures after a restart, in every window that holds them', async () => {
    const accuracy = share(({ actual, predicted }) => actual === predicted);
    await stack().stopOne('waymark');
    await stack().startOne('waymark');
    await eventually(async () => {
      for (const expression of [
        'classifier:accuracy:ratio',
        'classifier:accuracy_windowed:ratio{window="1d"}',
        'sum(classifier:feedback_hits:count{window="all"}) / sum(classifier_feedback_total)',
      ]) {
        const [sample] = await promQuery(stack().urls.prometheus, expression);
        expect(Math.abs(sample!.value - accuracy), expression).toBeLessThan(1e-9);
      }
    });
  });
});
