import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Feedback } from '../../src/feedback/database/feedback.ts';
import { type FeedbackDatabase, openFeedbackDatabase } from '../../src/feedback/database/feedback-database.ts';

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

let database: FeedbackDatabase;
beforeEach(async () => {
  const opened = openFeedbackDatabase(await mkdtemp(join(tmpdir(), 'waymark-sources-')), () => 10 * HOUR);
  onTestFinished(() => opened.close());
  database = opened;
});

const record = (changes: Partial<Feedback> = {}) => database.record([{ ...feedback, ...changes }])[0];
const sourcesAndLabels = () => database.counts(key).map(({ source, actual, count }) => [source, actual, count]);

describe('the source of a label', () => {
  test('is counted apart', () => {
    for (const source of ['truth', 'review', 'report'] as const) record({ id: source, source });
    expect(sourcesAndLabels()).toEqual([
      ['report', 'ham', 1],
      ['review', 'ham', 1],
      ['truth', 'ham', 1],
    ]);
    const hours = database.hours({ ...key, role: 'active', since: 5 * HOUR });
    // A report is no label, and an objection is a report of another label than the predicted one.
    expect(hours).toEqual([{ hour: 5, asked: false, bin: 9, count: 2, correct: 0, objections: 1 }]);
  });

  test('of a fair sample takes the place of a report, which is kept as one', () => {
    expect(record({ source: 'report' })).toBe('recorded');
    expect(record({ source: 'review', actual: 'spam', text: 'a text' })).toBe('recorded');
    expect(sourcesAndLabels()).toEqual([['review', 'spam', 1]]);
    expect(database.hours({ ...key, role: 'active' })).toMatchObject([{ count: 1, correct: 1, objections: 1 }]);
    expect(record({ source: 'truth', actual: 'ham' })).toBe('conflict');
  });

  test('does not change when a report comes after the label', () => {
    record({ source: 'truth', actual: 'spam' });
    expect(record({ source: 'report', actual: 'ham' })).toBe('conflict');
    expect(record({ source: 'report', actual: 'ham' })).toBe('conflict');
    expect(sourcesAndLabels()).toEqual([['truth', 'spam', 1]]);
    expect(database.hours({ ...key, role: 'active' })).toMatchObject([{ count: 1, objections: 1 }]);
  });
});

test('labels are counted in the hour of the prediction, by role, and not in the hour of their arrival', () => {
  record();
  record({ id: 'named', role: 'named' });
  record({ id: 'canary', role: 'canary', reviewShare: 0.5 });
  expect(database.hours({ ...key, role: 'active', since: 5 * HOUR })).toMatchObject([{ hour: 5, count: 1 }]);
  expect(database.hours({ ...key, role: 'active', since: 6 * HOUR })).toEqual([]);
  expect(database.hours({ ...key, role: 'canary' })).toMatchObject([{ hour: 5, asked: true, count: 1 }]);
});

test('labels of another artefact with the same number do not count', () => {
  record();
  expect(database.counts({ ...key, artefact: 'another' })).toEqual([]);
  expect(database.hours({ ...key, artefact: 'another', role: 'active' })).toEqual([]);
  const label = { id: feedback.id, predictedAt: 5 * HOUR, version: '2', artefact: 'b2', label: 'ham' };
  database.experiments.save({ ...noRecords, labels: [label] });
  expect(database.experiments.evaluatedPairs(experiment)).toHaveLength(1);
  expect(database.experiments.evaluatedPairs({ ...experiment, shadowArtefact: 'another' })).toEqual([]);
  expect(database.experiments.pairHours({ ...experiment, activeArtefact: 'another' })).toEqual([]);
});

describe('a correction', () => {
  test('moves every count, and leaves a trail', () => {
    const label = { id: feedback.id, predictedAt: 5 * HOUR, version: '2', artefact: 'b2', label: 'ham' };
    database.experiments.save({ ...noRecords, labels: [label] });
    record();
    expect(database.experiments.pairHours(experiment)).toMatchObject([{ onlyActive: 0, onlyShadow: 1 }]);
    expect(database.correct(feedback.id, 'spam', 'a person', 10)).toEqual({ actual: 'ham', source: 'truth' });
    expect(sourcesAndLabels()).toEqual([['truth', 'spam', 1]]);
    expect(database.totals().map(({ actual, count }) => [actual, count])).toEqual([
      ['ham', 0],
      ['spam', 1],
    ]);
    expect(database.experiments.pairHours(experiment)).toMatchObject([{ onlyActive: 1, onlyShadow: 0 }]);
    expect(database.experiments.evaluatedPairs(experiment)).toMatchObject([{ actual: 'spam', count: 1 }]);
    expect(database.changes(feedback.id)).toEqual([
      { at: 10, actor: 'a person', action: 'correct', from: 'ham', to: 'spam' },
    ]);
  });

  test('to the same label, or of nothing, changes nothing', () => {
    record();
    expect(database.correct(feedback.id, 'ham', 'a person', 10)).toMatchObject({ actual: 'ham' });
    expect(database.changes(feedback.id)).toEqual([]);
    expect(database.correct('unknown', 'ham', 'a person', 10)).toBeUndefined();
  });
});

test('an erasure removes label, text, pair and trail, and says that it happened', () => {
  const label = { id: feedback.id, predictedAt: 5 * HOUR, version: '2', artefact: 'b2', label: 'ham' };
  database.experiments.save({ ...noRecords, labels: [label] });
  record({ text: 'a secret text' });
  database.correct(feedback.id, 'spam', 'a person', 10);
  expect(database.erase(feedback.id, 'a person', 11)).toBe(true);
  expect(database.erase(feedback.id, 'a person', 12)).toBe(false);
  expect(database.counts(key)).toEqual([]);
  expect(database.experiments.evaluatedPairs(experiment)).toEqual([]);
  expect(database.experiments.textCount('spam', 0)).toBe(0);
  expect(database.changes(feedback.id)).toEqual([{ at: 11, actor: 'a person', action: 'erase', from: null, to: null }]);
  // Later feedback on the same prediction counts again, and no pair comes back.
  record();
  expect(database.experiments.evaluatedPairs(experiment)).toEqual([]);
});

test('old texts are deleted, and their labels stay', () => {
  record({ text: 'an old text', receivedAt: 1_000 });
  record({ id: 'new', text: 'a new text', receivedAt: 2_000 });
  expect(database.deleteTexts(2_000)).toBe(1);
  expect(database.experiments.textCount('spam', 0)).toBe(1);
  expect(sourcesAndLabels()).toEqual([['truth', 'ham', 2]]);
});

describe('a review', () => {
  const review = { ...key, id: feedback.id, predictedAt: 5 * HOUR, label: 'spam', confidence: 0.93 };

  test('waits until its label comes, and a report is none', () => {
    database.experiments.save({ ...noRecords, reviews: [review, { ...review, id: 'earlier', predictedAt: 4 * HOUR }] });
    record({ source: 'report' });
    expect(database.experiments.waitingReviews('spam', 10).map(({ id }) => id)).toEqual(['earlier', feedback.id]);
    record({ source: 'review' });
    expect(database.experiments.waitingReviews('spam', 10).map(({ id }) => id)).toEqual(['earlier']);
    expect(database.experiments.waitingReviews('other', 10)).toEqual([]);
  });

  test('does not wait if its label comes before it is saved', () => {
    record({ source: 'review' });
    database.experiments.save({ ...noRecords, reviews: [review] });
    expect(database.experiments.waitingReviews('spam', 10)).toEqual([]);
  });
});
