import type { DatabaseSync } from 'node:sqlite';
import { lowestConfidenceIn } from '../../predictions/id-layout.ts';
import type { FeedbackDatabase } from './feedback-database.ts';
import { MAX_CONFIDENCES } from './limits.ts';
import { confidenceCount, confidenceTotal, feedbackTotal, hourOfLabels, labelCount } from './rows.ts';

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

function range(since = 0, until: number = Number.MAX_SAFE_INTEGER): [since: number, until: number] {
  return [Math.floor(since), until];
}
