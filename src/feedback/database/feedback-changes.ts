import type { DatabaseSync } from 'node:sqlite';
import type { LabelSource } from './feedback.ts';
import type { FeedbackDatabase } from './feedback-database.ts';
import { FeedbackKeyError, type TextCipher } from './text-cipher.ts';
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

/** The number of texts that are encrypted in one transaction. Other requests of the store wait for it. */
const PAGE_ROWS = 200;

/** Prepares corrections, erasures and the deletion of old texts. Triggers change the counts in the same transaction. */
export function openFeedbackChanges(
  db: DatabaseSync,
  cipher: TextCipher,
): Pick<FeedbackDatabase, 'correct' | 'erase' | 'changes' | 'deleteTexts' | 'encryptTexts'> {
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

  const { prefix = '' } = cipher;
  const selectTexts = db.prepare(
    `SELECT rowid AS row, id, text FROM feedback NOT INDEXED
     WHERE rowid > ? AND text IS NOT NULL AND substr(text, 1, ?) <> ? ORDER BY rowid LIMIT ${PAGE_ROWS}`,
  );
  const replaceText = db.prepare('UPDATE feedback SET text = ? WHERE id = ?');

  function encryptAgain(id: string, stored: string): void {
    try {
      replaceText.run(cipher.seal(cipher.open(stored, id), id), id);
    } catch (error) {
      // A text whose key is lost stays as it is, and the others are encrypted.
      if (!(error instanceof FeedbackKeyError)) throw error;
    }
  }

  /** Empties the write-ahead log: its old pages hold texts that the database holds no more. */
  function forgetOldPages(): void {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

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
    erase(id, actor, at) {
      const isErased = inTransaction(db, () => {
        const row = select.get(id);
        if (!row) return false;
        remove.run(id);
        removeShadowLabel.run(Number(row['predicted_at']), id.slice(-16));
        removeChanges.run(id);
        addChange.run(at, id, actor, 'erase', null, null);
        return true;
      });
      if (isErased) forgetOldPages();
      return isErased;
    },
    changes: (id) =>
      selectChanges.all(id).map((row) => ({
        at: Number(row['at']),
        actor: String(row['actor']),
        action: row['action'] as FeedbackChange['action'],
        from: row['label_before'] === null ? null : String(row['label_before']),
        to: row['label_after'] === null ? null : String(row['label_after']),
      })),
    encryptTexts(after) {
      if (prefix === '') return undefined;
      const rows = inTransaction(db, () => {
        const found = selectTexts.all(after, prefix.length, prefix);
        for (const { id, text } of found) encryptAgain(String(id), String(text));
        return found;
      });
      if (rows.length > 0) forgetOldPages();
      return rows.length < PAGE_ROWS ? undefined : Number(rows.at(-1)!['row']);
    },
    deleteTexts(before) {
      const count = inTransaction(db, () => Number(removeTexts.run(before).changes));
      if (count > 0) forgetOldPages();
      return count;
    },
  };
}
