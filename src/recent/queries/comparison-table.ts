import { type Column, SIDE, type Table } from '../../insights/table.ts';
import type { PredictionMemory } from '../memory/prediction-memory.ts';
import { ID_BYTES, KEPT } from '../memory/row-columns.ts';
import type { RowFilters } from '../prediction-row.ts';
import { COMPARED_ATTRIBUTES, fieldOf, groupsOfParameter } from './comparison-columns.ts';
import type { Restricted } from './questions.ts';
import { compileFilters, type RowPredicate } from './row-filters.ts';

/** The number of rows that are read before other work gets a turn. */
const ROWS_PER_TURN = 250;

/** The baseline of a period is the time before it, so many times longer. */
const BASELINE_PERIODS = 4;

/** Returns the baseline of a selection: the rest, or the time before a period, or the rest of what has feedback. */
export function baselineOf(selection: RowFilters, now: number): RowFilters {
  const names = Object.keys(selection);
  const { since, until } = selection;
  if (typeof since === 'string' && names.every((name) => name === 'since' || name === 'until')) {
    const from = Date.parse(since);
    const to = typeof until === 'string' ? Date.parse(until) : now;
    const start = from - BASELINE_PERIODS * Math.max(0, to - from);
    if (!Number.isNaN(start)) return { since: new Date(start).toISOString(), until: since };
  }
  if (names.includes('correct') || names.includes('label')) return { correct: ['true', 'false'] };
  return {};
}

/**
 * Copies the recent rows into a table for a comparison. Rows that are kept for a reason of their own stay out: old slow ones
 * would have no fast ones of their time beside them.
 *
 * @param nextTurn lets other work of the event loop run
 * @throws {FilterError} if a filter cannot be used
 */
export async function buildComparisonTable(
  memory: PredictionMemory,
  selection: Restricted,
  baseline: Restricted,
  nextTurn: () => Promise<unknown>,
): Promise<Table> {
  const { columns, store } = memory;
  const isInSelection = compileFilters(selection);
  const isInBaseline = compileFilters(baseline);
  const slots = store.slots().filter((slot) => (columns.kept[slot]! & KEPT.recent) !== 0);
  const sequences = slots.map((slot) => columns.sequence[slot]!);
  const size = slots.length;
  const side = new Uint8Array(size);
  const unit = new Uint32Array(size);
  const seconds = new Float64Array(size);
  const time = new Float64Array(size);
  const traceId = new Uint8Array(16 * size);
  const writers = COMPARED_ATTRIBUTES.map((attribute) => createWriter(attribute, size));
  const units = new Map<number, number>();
  for (const [row, slot] of slots.entries()) {
    if (row % ROWS_PER_TURN === 0) await nextTurn();
    // Another row may have taken the slot in between. The place in the table then stays on no side.
    if (columns.sequence[slot] !== sequences[row]) continue;
    side[row] = sideOf(memory, slot, isInSelection, isInBaseline);
    if (side[row] === SIDE.none) continue;
    const request = columns.serverSpan[2 * slot]! * 2 ** 21 + (columns.serverSpan[2 * slot + 1]! & 0x1f_ff_ff);
    unit[row] = units.get(request) ?? units.set(request, units.size).size - 1;
    seconds[row] = columns.requestSeconds[slot]!;
    time[row] = columns.time[slot]!;
    traceId.set(columns.id.subarray(slot * ID_BYTES + 1, slot * ID_BYTES + 17), 16 * row);
    for (const { write } of writers) write(memory, slot, row);
  }
  const selectedBy = Object.entries(selection.filters).flatMap(([name, value]) =>
    groupsOfParameter(name, typeof value === 'string' ? [value] : value),
  );
  return {
    columns: writers.map(({ column }) => column()),
    side,
    unit,
    seconds,
    time,
    traceId,
    selectedBy,
    isFull: store.isFull,
  };
}

function sideOf(
  memory: PredictionMemory,
  slot: number,
  isInSelection: RowPredicate,
  isInBaseline: RowPredicate,
): number {
  if (isInSelection(memory, slot)) return SIDE.selection;
  return isInBaseline(memory, slot) ? SIDE.baseline : SIDE.none;
}

/** Writes a column row by row. */
interface ColumnWriter {
  readonly write: (memory: PredictionMemory, slot: number, row: number) => void;
  readonly column: () => Column;
}

function createWriter(attribute: (typeof COMPARED_ATTRIBUTES)[number], size: number): ColumnWriter {
  const field = fieldOf(attribute);
  if (field.kind === 'number') {
    const numbers = new Float64Array(size).fill(Number.NaN);
    return {
      write(memory, slot, row) {
        numbers[row] = field.read(memory, slot);
      },
      column: () => ({ ...attribute, kind: 'number', numbers }),
    };
  }
  const codes = new Uint16Array(size);
  const codeOf = new Map<string, number>();
  return {
    write(memory, slot, row) {
      const value = field.read(memory, slot);
      const word = typeof value === 'string' ? value : value?.join();
      if (word === undefined || word === '') return;
      codes[row] = codeOf.get(word) ?? codeOf.set(word, codeOf.size + 1).size;
    },
    column: () => ({ ...attribute, kind: 'word', values: [...codeOf.keys()], codes }),
  };
}
