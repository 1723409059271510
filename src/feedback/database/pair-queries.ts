import type { DatabaseSync } from 'node:sqlite';
import type { ExperimentBatch } from './experiment.ts';
import type { ExperimentDatabase } from './experiment-database.ts';
import { evaluatedPair, feedbackTotal, hourOfPairs, labelPair } from './rows.ts';

/** The queries of pairs, and the part of a batch that contains pairs. */
interface PairQueries {
  readonly queries: Pick<ExperimentDatabase, 'pairs' | 'evaluatedPairs' | 'pairHours' | 'totals'>;
  save(batch: Pick<ExperimentBatch, 'labels' | 'pairs' | 'slotPairs'>): void;
}

/**
 * Prepares the queries of label pairs. A pair becomes complete in the transaction that stores its second part: the feedback
 * or the shadow's label. Its label and the counts are in the row of the feedback, so a correction changes all of them.
 */
export function openPairQueries(db: DatabaseSync): PairQueries {
  const addLabel = db.prepare('INSERT INTO shadow_labels VALUES (?, substr(?, -16), ?, ?, ?) ON CONFLICT DO NOTHING');
  const completePair = db.prepare(
    'UPDATE feedback SET shadow = ?, shadow_artefact = ?, shadow_label = ? WHERE id = ? AND shadow IS NULL',
  );
  const addPair = db.prepare(
    'INSERT INTO shadow_agreement VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
  );
  const addSlotPair = db.prepare(
    'INSERT INTO pair_slots VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
  );
  const ofExperiment =
    "WHERE model = ? AND active = ? AND active_artefact IN ('', ?) AND shadow = ? AND shadow_artefact IN ('', ?)";
  const selectPairs = db.prepare(`
    SELECT active_label, shadow_label, SUM(count) AS count FROM shadow_agreement ${ofExperiment}
      GROUP BY active_label, shadow_label`);
  const selectEvaluatedPairs = db.prepare(`
    SELECT actual, active_label, shadow_label, SUM(count) AS count FROM shadow_counts ${ofExperiment} AND source <> 'report'
      GROUP BY actual, active_label, shadow_label HAVING SUM(count) > 0`);
  const selectTotals = db.prepare(`
    SELECT model, shadow AS version, source, actual, shadow_label AS predicted, SUM(count) AS count FROM shadow_counts
      GROUP BY model, shadow, source, actual, shadow_label`);
  const selectHours = db.prepare(`
    SELECT hour, asked, SUM(due) AS due, SUM(only_active) AS only_active, SUM(only_shadow) AS only_shadow,
      SUM(neither) AS neither FROM (
        SELECT slot / 3600000 AS hour, asked, count AS due, 0 AS only_active, 0 AS only_shadow, 0 AS neither FROM pair_slots
          WHERE model = ?1 AND active = ?2 AND active_artefact = ?3 AND shadow = ?4 AND shadow_artefact = ?5 AND agrees = 0
        UNION ALL
        SELECT predicted_at / 3600000, review_share > 0, 0, actual = predicted, actual = shadow_label,
            actual NOT IN (predicted, shadow_label) FROM feedback INDEXED BY feedback_with_shadow
          WHERE model = ?1 AND version = ?2 AND artefact = ?3 AND shadow = ?4 AND shadow_artefact = ?5
            AND predicted <> shadow_label AND source <> 'report'
      ) GROUP BY hour, asked ORDER BY hour`);

  return {
    queries: {
      pairs: ({ model, active, activeArtefact, shadow, shadowArtefact }) =>
        selectPairs.all(model, active, activeArtefact, shadow, shadowArtefact).map(labelPair),
      evaluatedPairs: ({ model, active, activeArtefact, shadow, shadowArtefact }) =>
        selectEvaluatedPairs.all(model, active, activeArtefact, shadow, shadowArtefact).map(evaluatedPair),
      pairHours: ({ model, active, activeArtefact, shadow, shadowArtefact }) =>
        selectHours.all(model, active, activeArtefact, shadow, shadowArtefact).map(hourOfPairs),
      totals: () => selectTotals.all().map(feedbackTotal),
    },
    save(batch) {
      for (const { id, predictedAt, version, artefact, label } of batch.labels) {
        const { changes } = addLabel.run(predictedAt, id, version, label, artefact);
        if (changes === 1) completePair.run(version, artefact, label, id);
      }
      for (const pair of batch.pairs) {
        const { model, active, activeArtefact, shadow, shadowArtefact, activeLabel, shadowLabel, count } = pair;
        addPair.run(model, active, activeArtefact, shadow, shadowArtefact, activeLabel, shadowLabel, count);
      }
      for (const pair of batch.slotPairs) {
        const { model, active, activeArtefact, shadow, shadowArtefact, slot, asked, agrees, count } = pair;
        const names = [model, active, activeArtefact, shadow, shadowArtefact];
        addSlotPair.run(...names, slot, Number(asked), Number(agrees), count);
      }
    },
  };
}
