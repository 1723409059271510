import type { ObservableCounter } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import type { FeedbackTotal } from '../../src/feedback/database/feedback.ts';
import type { FeedbackStore } from '../../src/feedback/feedback-store.ts';
import { observeFeedback } from '../../src/feedback/observe-feedback.ts';
import type { Instruments } from '../../src/telemetry/instruments.ts';

type Callback = Parameters<ObservableCounter['addCallback']>[0];

const total: FeedbackTotal = {
  model: 'spam',
  version: '1',
  source: 'truth',
  actual: 'ham',
  predicted: 'spam',
  count: 3,
};

/** Observes the totals of a store, and returns a function that scrapes them once. */
function observe(totals: () => Promise<FeedbackTotal[]>): () => Promise<number[]> {
  const callbacks: Callback[] = [];
  // Stands in for the SDK, which would call the callbacks at a scrape.
  const counter = { addCallback: (callback: Callback) => callbacks.push(callback) } as unknown as ObservableCounter;
  const none = async () => [];
  const store = { totals, confidenceTotals: none, experiments: { totals: none } } as unknown as FeedbackStore;
  const instruments = { feedback: counter, shadowFeedback: counter, feedbackConfidence: counter };
  observeFeedback(store, instruments as unknown as Instruments);
  return async () => {
    const observed: number[] = [];
    await callbacks[0]!({ observe: (value: number) => void observed.push(value) });
    return observed;
  };
}

test('a store that does not answer holds up no scrape: the last totals are reported', async () => {
  const answers: Promise<FeedbackTotal[]>[] = [Promise.resolve([total]), new Promise(() => undefined)];
  let requests = 0;
  const scrape = observe(() => {
    requests += 1;
    return answers[Math.min(requests, answers.length) - 1]!;
  });
  for (const at of [1, 2, 3]) expect([at, await scrape()]).toEqual([at, [3]]);
  // The second request still waits, so the third scrape made none.
  expect(requests).toBe(2);
});

test('totals that another replica reports are 0 here, so that a sum counts them once', async () => {
  let read = [total];
  const scrape = observe(async () => read);
  expect(await scrape()).toEqual([3]);
  read = [];
  expect(await scrape()).toEqual([0]);
  expect(await scrape()).toEqual([0]);
  read = [{ ...total, count: 5 }];
  expect(await scrape()).toEqual([5]);
});
