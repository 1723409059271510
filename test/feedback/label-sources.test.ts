import { beforeEach, describe, expect, test } from 'vitest';
import type { Feedback } from '../../src/feedback/database/feedback.ts';
import { type AnyFeedbackDatabase, describeEngines } from './engines.ts';

const HOUR = 3_600_000;
const key = { model: 'spam', version: '1', artefact: 'a1' };
const experiment = { model: 'spam', active: '1', activeArtefact: 'a1', shadow: '2', shadowArtefact: 'b2' };
const feedback: Feedback = {
  ...key,
  id: 'a prediction with a signature',
  predicted: 'spam',
  actual: 'ham',
  source: 'truth',
  predictedAt: 5 * HOUR,
  receivedAt: 9 * HOUR,
  role: 'active',
  confidence: 0.93,
  reviewShare: 0,
};
const noRecords = { labels: [], pairs: [], minutes: [], slots: [], slotPairs: [], reviews: [] };

let database: AnyFeedbackDatabase;
const record = async (changes: Partial<Feedback> = {}) => (await database.record([{ ...feedback, ...changes }]))[0];
const sourcesAndLabels = async () =>
  (await database.counts(key)).map(({ source, actual, count }) => [source, actual, count]);

describeEngines('labels', (engine) => {
  beforeEach(async () => {
    database = engine.open(await engine.newPlace(), () => 10 * HOUR);
  });

  describe('the source of a label', () => {
    test('is counted apart', async () => {
      for (const source of ['truth', 'review', 'report'] as const) await record({ id: source, source });
      expect(await sourcesAndLabels()).toEqual([
        ['report', 'ham', 1],
        ['review', 'ham', 1],
        ['truth', 'ham', 1],
      ]);
      const hours = await database.hours({ ...key, role: 'active', since: 5 * HOUR });
      // A report does not count as a label. An objection is a report of another label than the predicted one.
      expect(hours).toEqual([{ hour: 5, asked: false, bin: 9, count: 2, correct: 0, objections: 1 }]);
    });

    test('of a fair sample takes the place of a report, which is kept as one', async () => {
      expect(await record({ source: 'report' })).toBe('recorded');
      expect(await record({ source: 'review', actual: 'spam', text: 'a text' })).toBe('recorded');
      expect(await sourcesAndLabels()).toEqual([['review', 'spam', 1]]);
      expect(await database.hours({ ...key, role: 'active' })).toMatchObject([{ count: 1, correct: 1, objections: 1 }]);
      expect(await record({ source: 'truth', actual: 'ham' })).toBe('conflict');
    });

    test('does not change when a report comes after the label', async () => {
      await record({ source: 'truth', actual: 'spam' });
      expect(await record({ source: 'report', actual: 'ham' })).toBe('conflict');
      expect(await record({ source: 'report', actual: 'ham' })).toBe('conflict');
      expect(await sourcesAndLabels()).toEqual([['truth', 'spam', 1]]);
      expect(await database.hours({ ...key, role: 'active' })).toMatchObject([{ count: 1, objections: 1 }]);
    });
  });

  test('labels are counted in the hour of the prediction, by role, and not in the hour of their arrival', async () => {
    await record();
    await record({ id: 'named', role: 'named' });
    await record({ id: 'canary', role: 'canary', reviewShare: 0.5 });
    expect(await database.hours({ ...key, role: 'active', since: 5 * HOUR })).toMatchObject([{ hour: 5, count: 1 }]);
    expect(await database.hours({ ...key, role: 'active', since: 6 * HOUR })).toEqual([]);
    expect(await database.hours({ ...key, role: 'canary' })).toMatchObject([{ hour: 5, asked: true, count: 1 }]);
  });

  test('labels of another artefact with the same number do not count', async () => {
    await record();
    expect(await database.counts({ ...key, artefact: 'another' })).toEqual([]);
    expect(await database.hours({ ...key, artefact: 'another', role: 'active' })).toEqual([]);
    const label = { id: feedback.id, predictedAt: 5 * HOUR, version: '2', artefact: 'b2', label: 'ham' };
    await database.experiments.save({ ...noRecords, labels: [label] });
    expect(await database.experiments.evaluatedPairs(experiment)).toHaveLength(1);
    expect(await database.experiments.evaluatedPairs({ ...experiment, shadowArtefact: 'another' })).toEqual([]);
    expect(await database.experiments.pairHours({ ...experiment, activeArtefact: 'another' })).toEqual([]);
  });

  describe('a correction', () => {
    test('moves every count, and leaves a trail', async () => {
      const label = { id: feedback.id, predictedAt: 5 * HOUR, version: '2', artefact: 'b2', label: 'ham' };
      await database.experiments.save({ ...noRecords, labels: [label] });
      await record();
      expect(await database.experiments.pairHours(experiment)).toMatchObject([{ onlyActive: 0, onlyShadow: 1 }]);
      expect(await database.correct(feedback.id, 'spam', 'a person', 10)).toEqual({ actual: 'ham', source: 'truth' });
      expect(await sourcesAndLabels()).toEqual([['truth', 'spam', 1]]);
      expect((await database.totals()).map(({ actual, count }) => [actual, count])).toEqual([
        ['ham', 0],
        ['spam', 1],
      ]);
      expect(await database.experiments.pairHours(experiment)).toMatchObject([{ onlyActive: 1, onlyShadow: 0 }]);
      expect(await database.experiments.evaluatedPairs(experiment)).toMatchObject([{ actual: 'spam', count: 1 }]);
      expect(await database.changes(feedback.id)).toEqual([
        { at: 10, actor: 'a person', action: 'correct', from: 'ham', to: 'spam' },
      ]);
    });

    test('to the same label, or of nothing, changes nothing', async () => {
      await record();
      expect(await database.correct(feedback.id, 'ham', 'a person', 10)).toMatchObject({ actual: 'ham' });
      expect(await database.changes(feedback.id)).toEqual([]);
      expect(await database.correct('unknown', 'ham', 'a person', 10)).toBeUndefined();
    });
  });

  test('an erasure removes label, text, pair and trail, and says that it happened', async () => {
    const label = { id: feedback.id, predictedAt: 5 * HOUR, version: '2', artefact: 'b2', label: 'ham' };
    await database.experiments.save({ ...noRecords, labels: [label] });
    await record({ text: 'a secret text' });
    await database.correct(feedback.id, 'spam', 'a person', 10);
    expect(await database.erase(feedback.id, 'a person', 11)).toBe(true);
    expect(await database.erase(feedback.id, 'a person', 12)).toBe(false);
    expect(await database.counts(key)).toEqual([]);
    expect(await database.experiments.evaluatedPairs(experiment)).toEqual([]);
    expect(await database.experiments.textCount('spam', 0)).toBe(0);
    expect(await database.changes(feedback.id)).toEqual([
      { at: 11, actor: 'a person', action: 'erase', from: null, to: null },
    ]);
    // Later feedback on the same prediction counts again, and no pair comes back.
    await record();
    expect(await database.experiments.evaluatedPairs(experiment)).toEqual([]);
  });

  test('old texts are deleted, and their labels stay', async () => {
    await record({ text: 'an old text', receivedAt: 1_000 });
    await record({ id: 'new', text: 'a new text', receivedAt: 2_000 });
    expect(await database.deleteTexts(2_000)).toBe(1);
    expect(await database.experiments.textCount('spam', 0)).toBe(1);
    expect(await sourcesAndLabels()).toEqual([['truth', 'ham', 2]]);
  });

  describe('a review', () => {
    const review = { ...key, id: feedback.id, predictedAt: 5 * HOUR, label: 'spam', confidence: 0.93 };

    test('waits until its label comes, and a report is none', async () => {
      await database.experiments.save({
        ...noRecords,
        reviews: [review, { ...review, id: 'earlier', predictedAt: 4 * HOUR }],
      });
      await record({ source: 'report' });
      expect((await database.experiments.waitingReviews('spam', 10)).map(({ id }) => id)).toEqual([
        'earlier',
        feedback.id,
      ]);
      await record({ source: 'review' });
      expect((await database.experiments.waitingReviews('spam', 10)).map(({ id }) => id)).toEqual(['earlier']);
      expect(await database.experiments.waitingReviews('other', 10)).toEqual([]);
    });

    test('does not wait if its label comes before it is saved', async () => {
      await record({ source: 'review' });
      await database.experiments.save({ ...noRecords, reviews: [review] });
      expect(await database.experiments.waitingReviews('spam', 10)).toEqual([]);
    });
  });
});
