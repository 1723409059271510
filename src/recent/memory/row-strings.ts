import { Interner } from './interner.ts';
import { type RowColumns, STRING_COLUMNS } from './row-columns.ts';

/** The number of distinct strings of one kind. Further ones become `(other)`. */
const MAX_STRINGS = 16_384;

/** Replaces strings that have no place. */
const OTHER = '(other)';

type StringColumn = (typeof STRING_COLUMNS)[number];

type Kind = 'references' | 'labels' | 'names';

/** The columns that share their strings. */
const KIND_OF: Readonly<Record<StringColumn, Kind>> = {
  reference: 'references',
  label: 'labels',
  shadowLabel: 'labels',
  feedbackLabel: 'labels',
  errorType: 'names',
  shadowVersion: 'names',
};

/** The strings of the columns of a memory. */
export class RowStrings {
  readonly #columns: RowColumns;
  readonly #kinds = {
    references: new Interner(MAX_STRINGS),
    labels: new Interner(MAX_STRINGS),
    names: new Interner(MAX_STRINGS),
  };

  constructor(columns: RowColumns) {
    this.#columns = columns;
    for (const strings of Object.values(this.#kinds)) strings.add(OTHER);
  }

  /** Returns the number of a string for a column. */
  add(column: StringColumn, value: string): number {
    const strings = this.#kinds[KIND_OF[column]];
    const index = strings.add(value);
    if (index !== undefined) return index;
    this.#compact(KIND_OF[column]);
    return strings.add(value) ?? strings.find(OTHER);
  }

  find(column: StringColumn, value: string): number {
    return this.#kinds[KIND_OF[column]].find(value);
  }

  get(column: StringColumn, slot: number): string | undefined {
    return this.#kinds[KIND_OF[column]].get(this.#columns[column][slot]!);
  }

  /** Returns the strings of a column by number. */
  values(column: StringColumn): (index: number) => string | undefined {
    const strings = this.#kinds[KIND_OF[column]];
    return (index) => strings.get(index);
  }

  /** Removes the strings that no row has any more. */
  #compact(kind: Kind): void {
    const columns = STRING_COLUMNS.filter((column) => KIND_OF[column] === kind).map((column) => this.#columns[column]);
    const strings = this.#kinds[kind];
    const renumbered = strings.compact(new Set([strings.find(OTHER), ...columns.flatMap((column) => [...column])]));
    for (const column of columns)
      for (let slot = 0; slot < column.length; slot += 1) column[slot] = renumbered[column[slot]!]!;
  }
}
