import type { Database } from '../../postgres/database.ts';
import { type Query, SHORT_QUERY_MS } from '../../postgres/session.ts';
import { toStoredJson } from '../../postgres/stored-text.ts';
import { type Experiment, type ExperimentBatch, minuteOf } from '../database/experiment.ts';
import {
  DURATION_RETENTION_MS,
  LABEL_RETENTION_MS,
  MAX_LABELS,
  MAX_REVIEWS,
  RETENTION_MINUTES,
  ROWS_BETWEEN_CLEANUPS,
  SLOT_RETENTION_MS,
} from '../database/limits.ts';
import {
  evaluatedPair,
  feedbackTotal,
  hourOfPairs,
  labelPair,
  minuteCount,
  slotCount,
  waitingReview,
} from '../database/rows.ts';
import type { ExperimentStore } from '../database/store-messages.ts';

/** The number of shadow labels that are saved in one transaction. Feedback waits for it. */
const LABELS_IN_STATEMENT = 2_000;

const OF_EXPERIMENT = `
  WHERE model = $1 AND active = $2 AND active_artefact IN ('', $3) AND shadow = $4 AND shadow_artefact IN ('', $5)`;
const SELECT_PAIRS = `
  SELECT active_label, shadow_label, SUM(count) AS count FROM shadow_agreement ${OF_EXPERIMENT}
  GROUP BY 1, 2 ORDER BY 1, 2`;
const SELECT_EVALUATED_PAIRS = `
  SELECT actual, active_label, shadow_label, SUM(count) AS count FROM shadow_counts ${OF_EXPERIMENT} AND source <> 'report'
  GROUP BY 1, 2, 3 HAVING SUM(count) > 0 ORDER BY 1, 2, 3`;
const SELECT_HOURS = `
  SELECT hour, asked, SUM(due) AS due, SUM(only_active) AS only_active, SUM(only_shadow) AS only_shadow,
    SUM(neither) AS neither FROM (
      SELECT slot / 3600000 AS hour, asked::int AS asked, count AS due, 0 AS only_active, 0 AS only_shadow, 0 AS neither
        FROM pair_slots WHERE model = $1 AND active = $2 AND active_artefact = $3 AND shadow = $4 AND shadow_artefact = $5
          AND NOT agrees
      UNION ALL
      SELECT predicted_at / 3600000, (review_share > 0)::int, 0, (actual = predicted)::int, (actual = shadow_label)::int,
          (actual NOT IN (predicted, shadow_label))::int FROM feedback
        WHERE model = $1 AND version = $2 AND artefact = $3 AND shadow = $4 AND shadow_artefact = $5
          AND predicted <> shadow_label AND source <> 'report'
    ) AS pairs GROUP BY hour, asked ORDER BY hour`;
const SUM_TOTALS = `
  SELECT model, shadow AS version, source, actual, shadow_label AS predicted, SUM(count) AS count FROM shadow_counts
  GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`;
const SELECT_MINUTES = `
  SELECT minute, bucket, count, confidence FROM version_minutes
  WHERE model = $1 AND version = $2 AND use = $3 AND minute BETWEEN $4 AND $5 ORDER BY minute, bucket`;
const SELECT_SLOTS = `
  SELECT slot, bin, asked, count FROM usage_slots
  WHERE model = $1 AND version = $2 AND artefact = $3 AND role = $4 AND kind = $5 AND slot >= $6 ORDER BY slot, bin`;
const SELECT_REVIEWS = 'SELECT * FROM reviews WHERE model = $1 ORDER BY predicted_at, id LIMIT $2';
const COUNT_TEXTS =
  'SELECT COUNT(*) AS count FROM feedback WHERE model = $1 AND received_at >= $2 AND text IS NOT NULL';

/** Returns the query of the totals of shadows, which metrics report. */
export const shadowTotals = async (query: Query) => (await query(SUM_TOTALS)).map(feedbackTotal);

/**
 * Returns the records of experiments in a database.
 *
 * @param now returns the time in milliseconds; old rows are deleted by it
 */
export function createExperiments({ query }: Database, now: () => number): Omit<ExperimentStore, 'totals'> {
  let newRows = ROWS_BETWEEN_CLEANUPS;

  async function deleteOldRows(): Promise<void> {
    if (newRows < ROWS_BETWEEN_CLEANUPS) return;
    newRows = 0;
    const ages = [LABEL_RETENTION_MS, DURATION_RETENTION_MS, SLOT_RETENTION_MS].map((age) => Math.floor(now() - age));
    const firstMinute = minuteOf(now()) - RETENTION_MINUTES;
    await query('SELECT delete_old_1($1, $2, $3, $4, $5, $6)', [...ages, firstMinute, MAX_LABELS, MAX_REVIEWS]);
  }

  return {
    async save(batch) {
      for (const part of partsOf(batch)) {
        await query('SELECT save_experiments_1($1)', [toStoredJson(part)], SHORT_QUERY_MS);
      }
      newRows += batch.labels.length + batch.minutes.length + batch.slots.length + batch.reviews.length;
      await deleteOldRows();
    },
    pairs: async (experiment) => (await query(SELECT_PAIRS, keysOf(experiment))).map(labelPair),
    evaluatedPairs: async (experiment) => (await query(SELECT_EVALUATED_PAIRS, keysOf(experiment))).map(evaluatedPair),
    pairHours: async (experiment) => (await query(SELECT_HOURS, keysOf(experiment))).map(hourOfPairs),
    minuteCounts: async (model, version, use, since, until) =>
      (await query(SELECT_MINUTES, [model, version, use, minuteOf(since), minuteOf(until)])).map((row) => ({
        model,
        version,
        use,
        ...minuteCount(row),
      })),
    async slots({ since, ...chosen }) {
      const { model, version, artefact, role, kind } = chosen;
      const rows = await query(SELECT_SLOTS, [model, version, artefact, role, kind, Math.floor(since)]);
      return rows.map((row) => ({ ...chosen, ...slotCount(row) }));
    },
    waitingReviews: async (model, limit) =>
      (await query(SELECT_REVIEWS, [model, limit])).map((row) => ({ model, ...waitingReview(row) })),
    textCount: async (model, since) => Number((await query(COUNT_TEXTS, [model, Math.ceil(since)]))[0]?.['count']),
  };
}

/** Divides a batch, so that no transaction takes long. Its counts are in the first part. */
function* partsOf(batch: ExperimentBatch): Generator<ExperimentBatch> {
  yield { ...batch, labels: batch.labels.slice(0, LABELS_IN_STATEMENT) };
  const nothing = { pairs: [], minutes: [], slots: [], slotPairs: [], reviews: [] };
  for (let at = LABELS_IN_STATEMENT; at < batch.labels.length; at += LABELS_IN_STATEMENT) {
    yield { ...nothing, labels: batch.labels.slice(at, at + LABELS_IN_STATEMENT) };
  }
}

function keysOf({ model, active, activeArtefact, shadow, shadowArtefact }: Experiment): string[] {
  return [model, active, activeArtefact, shadow, shadowArtefact];
}
