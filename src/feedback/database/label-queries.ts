import type { DatabaseSync } from 'node:sqlite';
import { lowestConfidenceIn } from '../../predictions/id-layout.ts';
import type {
  ConfidenceCount,
  ConfidenceTotal,
  FeedbackTotal,
  HourOfLabels,
  LabelCount,
  LabelSource,
} from './feedback.ts';
import type { FeedbackDatabase } from './feedback-database.ts';

/** The number of latest labels whose confidences are read: their ids have to be decoded. */
export const MAX_CONFIDENCES = 20_000;

/** Prepares the queries of labels. A label without an artefact is older than artefacts, and belongs to each of its version. */
export function openLabelQueries(
  db: DatabaseSync,
): Pick<FeedbackDatabase, 'counts' | 'confidences' | 'hours' | 'totals' | 'confidenceTotals'> {
  db.function('confidence_in', { deterministic: true }, (id) => lowestConfidenceIn(String(id)) ?? null);
  const sums = 'source, review_share, bin, actual, predicted';
  const countAll = db.prepare(
    `SELECT ${sums}, SUM(count) AS count FROM feedback_counts
     WHERE model = ? AND version = ? AND artefact IN ('', ?) GROUP BY ${sums} HAVING SUM(count) > 0`,
  );
  const chosen = `FROM feedback INDEXED BY feedback_by_prediction
    WHERE model = ? AND version = ? AND artefact IN ('', ?) AND predicted_at >= ? AND predicted_at < ? AND (? = '' OR role = ?)`;
  const countChosen = db.prepare(`SELECT ${sums}, COUNT(*) AS count ${chosen} GROUP BY ${sums}`);
  const countConfidences = db.prepare(`
    SELECT source, review_share, COALESCE(confidence_in(id), bin / 10.0) AS confidence, correct, COUNT(*) AS count
      FROM (SELECT id, source, review_share, bin, actual = predicted AS correct ${chosen}
        AND source <> 'report' AND bin >= 0 ORDER BY predicted_at DESC LIMIT ${MAX_CONFIDENCES})
      GROUP BY 1, 2, 3, 4`);
  const sumHours = db.prepare(`
    SELECT predicted_at / 3600000 AS hour, review_share > 0 AS asked, bin,
      SUM(source <> 'report') AS count, SUM(source <> 'report' AND actual = predicted) AS correct,
      SUM(reported IS NOT NULL AND reported <> predicted) AS objections
    ${chosen} GROUP BY 1, 2, 3`);
  const selectTotals = db.prepare(`
    SELECT model, version, source, actual, predicted, SUM(count) AS count FROM feedback_counts
      GROUP BY model, version, source, actual, predicted`);
  const selectConfidences = db.prepare(`
    SELECT model, version, source, bin, actual = predicted AS correct, SUM(count) AS count FROM feedback_counts WHERE bin >= 0
      GROUP BY 1, 2, 3, 4, 5`);

  return {
    counts({ model, version, artefact, since, until, role }) {
      const rows =
        since === undefined && until === undefined && role === undefined
          ? countAll.all(model, version, artefact)
          : countChosen.all(model, version, artefact, ...range(since, until), role ?? '', role ?? '');
      return rows.map(labelCount);
    },
    confidences: ({ model, version, artefact, since, until, role = '' }) =>
      countConfidences.all(model, version, artefact, ...range(since, until), role, role).map(confidenceCount),
    hours: ({ model, version, artefact, since, until, role = '' }) =>
      sumHours.all(model, version, artefact, ...range(since, until), role, role).map(hourOfLabels),
    totals: () => selectTotals.all().map(feedbackTotal),
    confidenceTotals: () => selectConfidences.all().map(confidenceTotal),
  };
}

type Row = Readonly<Record<string, unknown>>;

function range(since = 0, until: number = Number.MAX_SAFE_INTEGER): [since: number, until: number] {
  return [Math.floor(since), until];
}

export function labelCount(row: Row): LabelCount {
  return {
    source: row['source'] as LabelSource,
    reviewShare: Number(row['review_share']),
    bin: Number(row['bin']),
    actual: String(row['actual']),
    predicted: String(row['predicted']),
    count: Number(row['count']),
  };
}

function confidenceCount(row: Row): ConfidenceCount {
  return {
    source: row['source'] as LabelSource,
    reviewShare: Number(row['review_share']),
    confidence: Number(row['confidence']),
    correct: row['correct'] === 1,
    count: Number(row['count']),
  };
}

export function hourOfLabels(row: Row): HourOfLabels {
  return {
    hour: Number(row['hour']),
    asked: row['asked'] === 1,
    bin: Number(row['bin']),
    count: Number(row['count']),
    correct: Number(row['correct']),
    objections: Number(row['objections']),
  };
}

export function feedbackTotal(row: Row): FeedbackTotal {
  return {
    model: String(row['model']),
    version: String(row['version']),
    source: row['source'] as LabelSource,
    actual: String(row['actual']),
    predicted: String(row['predicted']),
    count: Number(row['count']),
  };
}

export function confidenceTotal(row: Row): ConfidenceTotal {
  return {
    model: String(row['model']),
    version: String(row['version']),
    source: row['source'] as LabelSource,
    bin: Number(row['bin']),
    correct: row['correct'] === 1,
    count: Number(row['count']),
  };
}
