import type { Database } from '../../postgres/database.ts';
import { SHORT_QUERY_MS } from '../../postgres/session.ts';
import { toStoredJson } from '../../postgres/stored-text.ts';
import { binOf, type Feedback, type FeedbackOutcome, type LabelSource } from '../database/feedback.ts';
import type { FeedbackChange } from '../database/feedback-changes.ts';
import type { FeedbackMethods } from '../database/store-messages.ts';
import { FeedbackKeyError, type TextCipher } from '../database/text-cipher.ts';

/** The number of texts that are encrypted, or deleted, in one transaction. Other writers wait for it. */
const ENCRYPTED_ROWS = 200;
const DELETED_ROWS = 2_000;

const SELECT_CHANGES = `
  SELECT at, actor, action, label_before, label_after FROM feedback_changes WHERE key = key_of($1) ORDER BY sequence`;
const SELECT_TEXTS = `
  SELECT sequence, id, text FROM feedback
  WHERE sequence > $1 AND text IS NOT NULL AND left(text, length($2::text)) <> $2 ORDER BY sequence LIMIT ${ENCRYPTED_ROWS}`;

/** Writes feedback, its corrections and erasures, and its texts. Each method is one transaction, or a row of them. */
export interface FeedbackWrites
  extends Pick<FeedbackMethods, 'correct' | 'erase' | 'changes' | 'deleteTexts' | 'encryptTexts'> {
  /** Stores feedback in one transaction. All of it is durable when the promise resolves. */
  recordAll(feedback: readonly Feedback[]): Promise<FeedbackOutcome[]>;
}

/** Returns the writes to a database. */
export function createFeedbackWrites({ query }: Database, cipher: TextCipher): FeedbackWrites {
  const { prefix = '' } = cipher;

  async function callWith(call: string, ...values: unknown[]): Promise<unknown> {
    const [row] = await query(`SELECT ${call} AS result`, values, SHORT_QUERY_MS);
    return row?.['result'];
  }

  return {
    async recordAll(feedback) {
      const entries = feedback.map(({ confidence, role = '', text, ...facts }) => ({
        ...facts,
        role,
        bin: binOf(confidence),
        text: text === undefined ? null : cipher.seal(text, facts.id),
      }));
      return (await callWith('record_feedback_1($1)', toStoredJson(entries))) as FeedbackOutcome[];
    },
    async correct(id, label, actor, at) {
      const [row] = await query(
        'SELECT actual, source FROM correct_feedback_1($1, $2, $3, $4)',
        [id, label, actor, at],
        SHORT_QUERY_MS,
      );
      return row && { actual: String(row['actual']), source: row['source'] as LabelSource };
    },
    erase: async (id, actor, at) => (await callWith('erase_feedback_1($1, $2, $3)', id, actor, at)) === true,
    changes: async (id) =>
      (await query(SELECT_CHANGES, [id])).map((row) => ({
        at: Number(row['at']),
        actor: String(row['actor']),
        action: row['action'] as FeedbackChange['action'],
        from: row['label_before'] as string | null,
        to: row['label_after'] as string | null,
      })),
    async deleteTexts(before) {
      let total = 0;
      for (let deleted = DELETED_ROWS; deleted === DELETED_ROWS; total += deleted) {
        deleted = Number(await callWith('delete_texts_1($1, $2)', Math.ceil(before), DELETED_ROWS));
      }
      return total;
    },
    async encryptTexts(after) {
      if (prefix === '') return undefined;
      const rows = await query(SELECT_TEXTS, [after, prefix]);
      const replacements = rows.flatMap((row) => replacementOf(String(row['id']), String(row['text']), cipher));
      if (replacements.length > 0) await callWith('replace_texts_1($1)', toStoredJson(replacements));
      return rows.length < ENCRYPTED_ROWS ? undefined : Number(rows.at(-1)!['sequence']);
    },
  };
}

/** Encrypts a text with the first key. A text whose key is lost stays as it is. */
function replacementOf(id: string, before: string, cipher: TextCipher) {
  try {
    return [{ id, before, after: cipher.seal(cipher.open(before, id), id) }];
  } catch (error) {
    if (!(error instanceof FeedbackKeyError)) throw error;
    return [];
  }
}
