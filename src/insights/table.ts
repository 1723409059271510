/** A column of words. Code 0 stands for "not set", and code n for `values[n - 1]`. */
interface WordColumn {
  readonly kind: 'word';
  readonly values: readonly string[];
  readonly codes: Uint16Array;
}

/** A column of numbers. NaN stands for "not set". */
interface NumberColumn {
  readonly kind: 'number';
  readonly numbers: Float64Array;
}

/** An attribute of the rows. */
export type Column = (WordColumn | NumberColumn) & {
  readonly name: string;
  /** The attributes of one group say the same in other words. A selection by one of them restates the others. */
  readonly group: string;
  /** True if the attribute is known only after the prediction, so that it can be a consequence of what was selected. */
  readonly isOutcome: boolean;
  /** True if the attribute is missing where a request failed, so that its absence restates the failure. */
  readonly isMissingOnFailure?: boolean;
};

/** The sides of a comparison, as in the column `side`. */
export const SIDE = { none: 0, selection: 1, baseline: 2 } as const;

/** Rows, and the side of each in a comparison. */
export interface Table {
  readonly columns: readonly Column[];
  readonly side: Uint8Array;
  /** Rows of the same unit were made by the same request, so that they are no independent observations. */
  readonly unit: Uint32Array;
  readonly seconds: Float64Array;
  /** The start in milliseconds since the epoch. */
  readonly time: Float64Array;
  /** 16 bytes for each row. */
  readonly traceId: Uint8Array;
  /** The groups of the attributes by which the rows were selected. */
  readonly selectedBy: readonly string[];
  /** True if older rows are already forgotten. */
  readonly isFull: boolean;
}

/** Puts the rows of several tables with the same columns into one. */
export function mergeTables([first, ...others]: readonly [Table, ...Table[]]): Table {
  if (others.length === 0) return first;
  const tables = [first, ...others];
  let units = 0;
  const unit = tables.map((table) => {
    const shifted = table.unit.map((number) => number + units);
    units += table.unit.reduce((most, number) => Math.max(most, number), 0) + 1;
    return shifted;
  });
  return {
    columns: first.columns.map((column, at) =>
      mergeColumns(
        column,
        tables.map(({ columns }) => columns[at]!),
      ),
    ),
    side: Uint8Array.from(concatenate(tables.map(({ side }) => side))),
    unit: Uint32Array.from(concatenate(unit)),
    seconds: Float64Array.from(concatenate(tables.map(({ seconds }) => seconds))),
    time: Float64Array.from(concatenate(tables.map(({ time }) => time))),
    traceId: Uint8Array.from(concatenate(tables.map(({ traceId }) => traceId))),
    selectedBy: first.selectedBy,
    isFull: tables.some(({ isFull }) => isFull),
  };
}

function mergeColumns(column: Column, parts: readonly Column[]): Column {
  if (column.kind === 'number') {
    return { ...column, numbers: Float64Array.from(concatenate(parts.map((part) => (part as NumberColumn).numbers))) };
  }
  const codes = new Map<string, number>();
  const renumbered = parts.map((part) => {
    const { values, codes: old } = part as WordColumn;
    const renumber = [0, ...values.map((value) => codes.get(value) ?? codes.set(value, codes.size + 1).size)];
    return old.map((code) => renumber[code]!);
  });
  return { ...column, values: [...codes.keys()], codes: Uint16Array.from(concatenate(renumbered)) };
}

function* concatenate(parts: readonly Iterable<number>[]): Generator<number> {
  for (const part of parts) yield* part;
}
