import type { Database } from '../../postgres/database.ts';
import type { Query } from '../../postgres/session.ts';
import { lowestConfidenceIn } from '../../predictions/id-layout.ts';
import type { ConfidenceCount, LabelQuery, LabelSource } from '../database/feedback.ts';
import { MAX_CONFIDENCES } from '../database/limits.ts';
import { confidenceTotal, feedbackTotal, hourOfLabels, labelCount } from '../database/rows.ts';
import type { FeedbackMethods } from '../database/store-messages.ts';

const SUMS = 'source, review_share, bin, actual, predicted';
const COUNT_ALL = `SELECT ${SUMS}, SUM(count) AS count FROM feedback_counts
  WHERE model = $1 AND version = $2 AND artefact IN ('', $3) GROUP BY ${SUMS} HAVING SUM(count) > 0 ORDER BY ${SUMS}`;
const CHOSEN = `FROM feedback WHERE model = $1 AND version = $2 AND artefact IN ('', $3)
  AND predicted_at >= $4 AND predicted_at < $5 AND ($6::text = '' OR role = $6)`;
const COUNT_CHOSEN = `SELECT ${SUMS}, COUNT(*) AS count ${CHOSEN} GROUP BY ${SUMS} ORDER BY ${SUMS}`;
const SELECT_CONFIDENCES = `SELECT id, source, review_share, bin, actual = predicted AS correct ${CHOSEN}
  AND source <> 'report' AND bin >= 0 ORDER BY predicted_at DESC LIMIT ${MAX_CONFIDENCES}`;
const SUM_HOURS = `
  SELECT predicted_at / 3600000 AS hour, (review_share > 0)::int AS asked, bin,
    COUNT(*) FILTER (WHERE source <> 'report') AS count,
    COUNT(*) FILTER (WHERE source <> 'report' AND actual = predicted) AS correct,
    COUNT(*) FILTER (WHERE reported IS NOT NULL AND reported <> predicted) AS objections
  ${CHOSEN} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`;
const SUM_TOTALS = `
  SELECT model, version, source, actual, predicted, SUM(count) AS count FROM feedback_counts
  GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`;
const SUM_CONFIDENCES = `
  SELECT model, version, source, bin, (actual = predicted)::int AS correct, SUM(count) AS count FROM feedback_counts
  WHERE bin >= 0 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`;

/** Returns the queries of labels. A label without an artefact is older than artefacts, and belongs to each of its version. */
export function createLabelQueries({ query }: Database): Pick<FeedbackMethods, 'counts' | 'confidences' | 'hours'> {
  return {
    async counts(chosen) {
      const { model, version, artefact, since, until, role } = chosen;
      const isAll = since === undefined && until === undefined && role === undefined;
      const rows = await (isAll ? query(COUNT_ALL, [model, version, artefact]) : query(COUNT_CHOSEN, valuesOf(chosen)));
      return rows.map(labelCount);
    },
    confidences: async (chosen) => countConfidences(await query(SELECT_CONFIDENCES, valuesOf(chosen))),
    hours: async (chosen) => (await query(SUM_HOURS, valuesOf(chosen))).map(hourOfLabels),
  };
}

/** Returns the queries of the totals that metrics report. */
export const totalQueries = {
  totals: async (query: Query) => (await query(SUM_TOTALS)).map(feedbackTotal),
  confidenceTotals: async (query: Query) => (await query(SUM_CONFIDENCES)).map(confidenceTotal),
};

function valuesOf({ model, version, artefact, since = 0, until = Number.MAX_SAFE_INTEGER, role }: LabelQuery) {
  const end = Math.min(Math.ceil(until), Number.MAX_SAFE_INTEGER);
  return [model, version, artefact, Math.floor(since), end, role ?? ''];
}

/** Counts labels by the confidence in their ids, in the order of the SQLite file. */
function countConfidences(rows: readonly Readonly<Record<string, unknown>>[]): ConfidenceCount[] {
  const counts = new Map<string, ConfidenceCount>();
  for (const row of rows) {
    const source = row['source'] as LabelSource;
    const reviewShare = Number(row['review_share']);
    const confidence = lowestConfidenceIn(String(row['id'])) ?? Number(row['bin']) / 10;
    const correct = row['correct'] === true;
    const key = JSON.stringify([source, reviewShare, confidence, correct]);
    counts.set(key, { source, reviewShare, confidence, correct, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  return [...counts.values()].sort(
    (a, b) =>
      (a.source < b.source ? -1 : Number(a.source > b.source)) ||
      a.reviewShare - b.reviewShare ||
      a.confidence - b.confidence ||
      Number(a.correct) - Number(b.correct),
  );
}
