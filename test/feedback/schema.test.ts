import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { FEEDBACK_FILE } from '../../src/feedback/database/feedback.ts';
import { openFeedbackDatabase } from '../../src/feedback/database/feedback-database.ts';

/** The schema of the first version of Waymark, with its triggers. */
const FIRST_SCHEMA = `
  CREATE TABLE feedback (id TEXT PRIMARY KEY, model TEXT NOT NULL, version TEXT NOT NULL, predicted TEXT NOT NULL,
    actual TEXT NOT NULL, predicted_at INTEGER NOT NULL, received_at INTEGER NOT NULL, text TEXT) STRICT;
  CREATE INDEX feedback_by_time ON feedback (model, version, received_at, actual, predicted);
  CREATE INDEX feedback_with_text ON feedback (model, received_at) WHERE text IS NOT NULL;
  CREATE TABLE feedback_totals (model TEXT NOT NULL, version TEXT NOT NULL, actual TEXT NOT NULL, predicted TEXT NOT NULL,
    count INTEGER NOT NULL, PRIMARY KEY (model, version, actual, predicted)) STRICT, WITHOUT ROWID;
  CREATE TRIGGER feedback_counted AFTER INSERT ON feedback BEGIN
    INSERT INTO feedback_totals VALUES (NEW.model, NEW.version, NEW.actual, NEW.predicted, 1)
      ON CONFLICT DO UPDATE SET count = count + 1;
  END;
  CREATE TABLE shadow_labels (predicted_at INTEGER NOT NULL, key TEXT NOT NULL, version TEXT NOT NULL, label TEXT NOT NULL,
    PRIMARY KEY (predicted_at, key)) STRICT, WITHOUT ROWID;
  CREATE TABLE shadow_feedback (model TEXT NOT NULL, active TEXT NOT NULL, shadow TEXT NOT NULL, actual TEXT NOT NULL,
    active_label TEXT NOT NULL, shadow_label TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (model, active, shadow, actual, active_label, shadow_label)) STRICT, WITHOUT ROWID;
  CREATE TABLE shadow_pairs (model TEXT NOT NULL, active TEXT NOT NULL, shadow TEXT NOT NULL, active_label TEXT NOT NULL,
    shadow_label TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (model, active, shadow, active_label, shadow_label)) STRICT, WITHOUT ROWID;
  CREATE TABLE version_minutes (minute INTEGER NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL, use TEXT NOT NULL,
    bucket INTEGER NOT NULL, count INTEGER NOT NULL, confidence REAL NOT NULL,
    PRIMARY KEY (model, version, use, minute, bucket)) STRICT, WITHOUT ROWID;
  CREATE TRIGGER shadow_judged_by_feedback AFTER INSERT ON feedback BEGIN
    INSERT INTO shadow_feedback
      SELECT NEW.model, NEW.version, version, NEW.actual, NEW.predicted, label, 1 FROM shadow_labels
      WHERE predicted_at = NEW.predicted_at AND key = substr(NEW.id, -16)
      ON CONFLICT DO UPDATE SET count = count + 1;
  END;
  INSERT INTO shadow_labels VALUES (1000, 'the old id of 16', '2', 'spam');
  INSERT INTO feedback VALUES ('the old id of 16', 'spam', '1', 'ham', 'spam', 1000, 2000, 'a text');
  INSERT INTO feedback VALUES ('another id', 'spam', '1', 'ham', 'ham', 1000, 2000, NULL);
  INSERT INTO shadow_pairs VALUES ('spam', '1', '2', 'ham', 'spam', 7);
`;

const key = { model: 'spam', version: '1', artefact: 'a1' };
const experiment = { model: 'spam', active: '1', activeArtefact: 'a1', shadow: '2', shadowArtefact: 'b2' };

async function oldFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-schema-'));
  const db = new DatabaseSync(join(folder, FEEDBACK_FILE));
  db.exec(FIRST_SCHEMA);
  db.close();
  return folder;
}

test('the rows of the first schema are kept, as truth', async () => {
  const folder = await oldFolder();
  for (const start of ['first', 'second']) {
    const database = openFeedbackDatabase(folder);
    expect(database.totals(), start).toEqual([
      { model: 'spam', version: '1', source: 'truth', actual: 'ham', predicted: 'ham', count: 1 },
      { model: 'spam', version: '1', source: 'truth', actual: 'spam', predicted: 'ham', count: 1 },
    ]);
    const counted = { source: 'truth', reviewShare: 0, bin: -1, predicted: 'ham', count: 1 };
    expect(database.counts(key)).toEqual([
      { ...counted, actual: 'ham' },
      { ...counted, actual: 'spam' },
    ]);
    expect(database.counts({ ...key, since: 1_000 })).toHaveLength(2);
    expect(database.experiments.evaluatedPairs(experiment)).toEqual([
      { actual: 'spam', activeLabel: 'ham', shadowLabel: 'spam', count: 1 },
    ]);
    expect(database.experiments.pairs(experiment)).toEqual([{ activeLabel: 'ham', shadowLabel: 'spam', count: 7 }]);
    expect(database.experiments.textCount('spam', 0)).toBe(1);
    // Nobody knows how old labels came, or in which role the version answered: they prove nothing.
    expect(database.experiments.pairHours(experiment)).toEqual([]);
    expect(database.hours({ ...key, role: 'active' })).toEqual([]);
    database.close();
  }
});

test('old feedback is repeated, corrected and erased as new feedback is', async () => {
  const database = openFeedbackDatabase(await oldFolder());
  const old = { id: 'another id', ...key, predicted: 'ham', predictedAt: 1_000, receivedAt: 3_000, reviewShare: 0 };
  expect(database.record([{ ...old, actual: 'ham', source: 'truth' }])).toEqual(['repeated']);
  expect(database.correct('another id', 'spam', 'a test', 4_000)).toEqual({ actual: 'ham', source: 'truth' });
  expect(database.totals().map(({ actual, count }) => [actual, count])).toEqual([
    ['ham', 0],
    ['spam', 2],
  ]);
  expect(database.erase('the old id of 16', 'a test', 5_000)).toBe(true);
  expect(database.counts(key).map(({ actual, count }) => [actual, count])).toEqual([['spam', 1]]);
  database.close();
});

test('a file of a newer schema is refused', async () => {
  const folder = await oldFolder();
  const db = new DatabaseSync(join(folder, FEEDBACK_FILE));
  db.exec('PRAGMA user_version = 99');
  db.close();
  expect(() => openFeedbackDatabase(folder)).toThrow('newer version of Waymark');
});
