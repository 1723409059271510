import { expect, test } from 'vitest';
import { ProcessHistory } from '../../../src/recent/history/process-history.ts';
import { RequestTracker } from '../../../src/recent/history/request-tracker.ts';
import { PredictionMemory } from '../../../src/recent/memory/prediction-memory.ts';
import type { NewsCursor, Notice, OtherWorkers } from '../../../src/recent/queries/questions.ts';
import { RecentPredictions } from '../../../src/recent/queries/recent-predictions.ts';
import { EPOCH, predict, remember, rowsOf } from '../remembered.ts';

async function news(recent: RecentPredictions, cursors: readonly NewsCursor[], limit = 100) {
  const { answers } = await recent.ask({ kind: 'news', filters: { filters: {} }, limit, cursors });
  return answers[0]!;
}

test('news are what happened since the last ones, once', async () => {
  const recent = remember();
  predict(recent, { at: 1 });
  const first = await news(recent, []);
  expect(first).toMatchObject({ rows: [], skipped: 0 });
  const { spanId } = predict(recent, { at: 2 });
  predict(recent, { at: 3 });
  const second = await news(recent, [first.cursor]);
  expect(second.times).toEqual([EPOCH + 3, EPOCH + 2]);
  recent.recordFeedback(spanId, { label: 'spam', source: 'truth' });
  recent.recordFeedback(spanId, undefined);
  const third = await news(recent, [second.cursor]);
  expect(third.rows).toEqual([]);
  expect(third.feedback.map(({ feedback }) => feedback)).toEqual([
    { label: 'spam', source: 'truth', correct: false },
    null,
  ]);
  expect((await news(recent, [third.cursor])).feedback).toEqual([]);
});

test('news beyond the limit are counted, also those that the memory has no longer', async () => {
  const recent = remember();
  const { cursor } = await news(recent, []);
  for (let at = 1; at <= 12_000; at += 1) predict(recent, { at });
  const { rows, skipped } = await news(recent, [cursor], 50);
  expect([rows.length, skipped]).toEqual([50, 11_950]);
});

test('the cursor of another memory is not used', async () => {
  const recent = remember();
  predict(recent, { at: 1 });
  const { cursor } = await news(recent, []);
  expect((await news(recent, [{ ...cursor, since: 5, ended: 0 }])).rows).toEqual([]);
  expect((await news(recent, [{ ...cursor, worker: 2, ended: 0 }])).rows).toEqual([]);
});

/** Connects two memories as two workers are, without processes. test/process has real ones. */
function connectTwo(): [RecentPredictions, RecentPredictions] {
  const links = [1, 2].map(() => {
    let answer: Parameters<OtherWorkers['connect']>[0] | undefined;
    let receive: ((notice: Notice) => void) | undefined;
    return {
      set: (a: typeof answer, r: typeof receive) => ([answer, receive] = [a, r]),
      answer: () => answer!,
      receive: () => receive!,
    };
  });
  const [first, second] = links.map((own, at) => {
    const other = links[1 - at]!;
    const others: OtherWorkers = {
      ask: async (question) => ({ asked: 1, answers: [await other.answer()(question)] as never }),
      notify: (notice) => other.receive()(notice),
      connect: (answer, receive) => void own.set(answer, receive),
    };
    const memory = new PredictionMemory({ since: EPOCH, worker: at + 1, captureText: false });
    const history = new ProcessHistory();
    const tracker = new RequestTracker(memory, history);
    return new RecentPredictions({ memory, history, tracker, others, nextTurn: async () => {} });
  });
  return [first!, second!];
}

test('feedback, events and retrainings reach the other worker', async () => {
  const [first, second] = connectTwo();
  const { spanId } = predict(second, { at: 1 });
  first.recordFeedback(spanId, { label: 'spam', source: 'review' });
  first.setRetraining('job', true);
  first.announceEvent({ time: new Date(EPOCH).toISOString(), kind: 'retrain', detail: 'A retraining started.' });
  predict(second, { at: 2 });
  const { answers, workers } = await first.ask({ kind: 'rows', filters: { filters: {} }, limit: 10 });
  expect(workers).toEqual({ asked: 2, answered: 2 });
  expect(answers.map(({ rows }) => rows.length)).toEqual([0, 2]);
  const rows = await rowsOf(second);
  expect(rows.map(({ process }) => process.retraining)).toEqual(expect.arrayContaining([true, false]));
  expect(rows.filter(({ feedback }) => feedback?.label === 'spam')).toHaveLength(1);
  expect(second.history.events()).toHaveLength(1);
});
