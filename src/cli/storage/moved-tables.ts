/** A table that is moved from the SQLite file to PostgreSQL. Both have its columns under one name. */
export interface MovedTable {
  readonly name: string;
  /** The columns with their types in PostgreSQL. */
  readonly columns: Readonly<Record<string, 'text' | 'bigint' | 'integer' | 'double precision' | 'boolean'>>;
  /** The order in which rows are moved. It is the same each time, so that a move can go on where it ended. */
  readonly order: string;
  /** The value of the column `key`, from the columns of a row `r`, for tables that have one. */
  readonly key?: string;
}

const KEY_OF_ID = 'waymark.key_of(r.id)';
const keyOfColumns = (columns: string) =>
  `sha256(convert_to(ROW(${columns.replaceAll(/\w+/g, 'r.$&')})::text, 'UTF8'))`;

const PAIR = {
  model: 'text',
  active: 'text',
  active_artefact: 'text',
  shadow: 'text',
  shadow_artefact: 'text',
} as const;
const PAIR_ORDER = 'model, active, active_artefact, shadow, shadow_artefact';
const FEEDBACK_COUNTS_KEY = 'model, version, artefact, source, review_share, bin, actual, predicted';
const SHADOW_COUNTS_KEY = `${PAIR_ORDER}, source, actual, active_label, shadow_label`;
const AGREEMENT_KEY = `${PAIR_ORDER}, active_label, shadow_label`;

/** The tables of feedback and experiments. The order of arrival of feedback is kept. */
export const MOVED_TABLES: readonly MovedTable[] = [
  {
    name: 'feedback',
    columns: {
      id: 'text',
      model: 'text',
      version: 'text',
      artefact: 'text',
      predicted: 'text',
      actual: 'text',
      source: 'text',
      reported: 'text',
      role: 'text',
      bin: 'integer',
      review_share: 'double precision',
      predicted_at: 'bigint',
      received_at: 'bigint',
      text: 'text',
      shadow: 'text',
      shadow_artefact: 'text',
      shadow_label: 'text',
    },
    order: 'rowid',
    key: KEY_OF_ID,
  },
  {
    name: 'feedback_changes',
    columns: { at: 'bigint', id: 'text', actor: 'text', action: 'text', label_before: 'text', label_after: 'text' },
    order: 'rowid',
    key: KEY_OF_ID,
  },
  {
    name: 'feedback_counts',
    columns: {
      model: 'text',
      version: 'text',
      artefact: 'text',
      source: 'text',
      review_share: 'double precision',
      bin: 'integer',
      actual: 'text',
      predicted: 'text',
      count: 'bigint',
    },
    order: FEEDBACK_COUNTS_KEY,
    key: keyOfColumns(FEEDBACK_COUNTS_KEY),
  },
  {
    name: 'shadow_counts',
    columns: { ...PAIR, source: 'text', actual: 'text', active_label: 'text', shadow_label: 'text', count: 'bigint' },
    order: SHADOW_COUNTS_KEY,
    key: keyOfColumns(SHADOW_COUNTS_KEY),
  },
  {
    name: 'shadow_agreement',
    columns: { ...PAIR, active_label: 'text', shadow_label: 'text', count: 'bigint' },
    order: AGREEMENT_KEY,
    key: keyOfColumns(AGREEMENT_KEY),
  },
  {
    name: 'shadow_labels',
    columns: { predicted_at: 'bigint', key: 'text', version: 'text', artefact: 'text', label: 'text' },
    order: 'predicted_at, key',
  },
  {
    name: 'reviews',
    columns: {
      predicted_at: 'bigint',
      id: 'text',
      model: 'text',
      version: 'text',
      artefact: 'text',
      label: 'text',
      confidence: 'double precision',
    },
    order: 'predicted_at, id',
    key: KEY_OF_ID,
  },
  {
    name: 'version_minutes',
    columns: {
      model: 'text',
      version: 'text',
      use: 'text',
      minute: 'bigint',
      bucket: 'integer',
      count: 'bigint',
      confidence: 'double precision',
    },
    order: 'model, version, use, minute, bucket',
  },
  {
    name: 'usage_slots',
    columns: {
      model: 'text',
      version: 'text',
      artefact: 'text',
      role: 'text',
      kind: 'text',
      slot: 'bigint',
      bin: 'integer',
      asked: 'boolean',
      count: 'bigint',
    },
    order: 'model, version, artefact, role, kind, slot, bin, asked',
  },
  {
    name: 'pair_slots',
    columns: { ...PAIR, slot: 'bigint', asked: 'boolean', agrees: 'boolean', count: 'bigint' },
    order: `${PAIR_ORDER}, slot, asked, agrees`,
  },
];
