import type { DatabaseSync } from 'node:sqlite';
import type { LabelSource } from './feedback.ts';
import type { FeedbackDatabase } from './feedback-database.ts';
import { inTransaction } from './transaction.ts';

/** One change of a feedback after it was stored. */
export interface FeedbackChange {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly actor: string;
  readonly action: 'correct' | 'erase';
  /** Null for an erasure: it leaves no label behind. */
  readonly from: string | null;
  readonly to: string | null;
}

/** Prepares corrections, erasures and the deletion of old texts. Triggers change the counts in the same transaction. */
export function openFeedbackChanges(
  db: DatabaseSync,
): Pick<FeedbackDatabase, 'correct' | 'erase' | 'changes' | 'deleteTexts'> {
  const select = db.prepare('SELECT actual, source, predicted_at FROM feedback WHERE id = ?');
  const update = db.prepare('UPDATE feedback SET actual = ? WHERE id = ?');
  const remove = db.prepare('DELETE FROM feedback WHERE id = ?');
  const removeShadowLabel = db.prepare('DELETE FROM shadow_labels WHERE predicted_at = ? AND key = ?');
  const addChange = db.prepare('INSERT INTO feedback_changes VALUES (?, ?, ?, ?, ?, ?)');
  const removeChanges = db.prepare('DELETE FROM feedback_changes WHERE id = ?');
  const selectChanges = db.prepare(
    'SELECT at, actor, action, label_before, label_after FROM feedback_changes WHERE id = ? ORDER BY rowid',
  );
  const removeTexts = db.prepare('UPDATE feedback SET text = NULL WHERE text IS NOT NULL AND received_at < ?');

  return {
    correct: (id, label, actor, at) =>
      inTransaction(db, () => {
        const row = select.get(id);
        if (!row) return undefined;
        const before = { actual: String(row['actual']), source: row['source'] as LabelSource };
        if (before.actual !== label) {
          update.run(label, id);
          addChange.run(at, id, actor, 'correct', before.actual, label);
        }
        return before;
      }),
    erase: (id, actor, at) =>
      inTransaction(db, () => {
        const row = select.get(id);
        if (!row) return false;
        remove.run(id);
        removeShadowLabel.run(Number(row['predicted_at']), id.slice(-16));
        removeChanges.run(id);
        addChange.run(at, id, actor, 'erase', null, null);
        return true;
      }),
    changes: (id) =>
      selectChanges.all(id).map((row) => ({
        at: Number(row['at']),
        actor: String(row['actor']),
        action: row['action'] as FeedbackChange['action'],
        from: row['label_before'] === null ? null : String(row['label_before']),
        to: row['label_after'] === null ? null : String(row['label_after']),
      })),
    deleteTexts: (before) => inTransaction(db, () => Number(removeTexts.run(before).changes)),
  };
}
