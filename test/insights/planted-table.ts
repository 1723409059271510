import { createRandom } from '../../src/insights/random.ts';
import type { Column, Table } from '../../src/insights/table.ts';

/** A row of a made table. */
export interface MadeRow {
  readonly words: Record<string, string>;
  readonly numbers: Record<string, number>;
}

/** Makes rows with the attributes of predictions. Their values are independent, but for tokens, which follow characters. */
export function makeRows(count: number, seed: number): MadeRow[] {
  const random = createRandom(seed);
  const choose = (values: readonly string[], weights: readonly number[]) => {
    let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
    for (const [at, weight] of weights.entries()) {
      left -= weight;
      if (left < 0) return values[at]!;
    }
    return values[0]!;
  };
  return Array.from({ length: count }, () => {
    const characters = Math.round(Math.exp(4 + 3 * random()));
    return {
      words: {
        model: choose(['spam', 'topics'], [8, 2]),
        version: choose(['1', '2', '3'], [6, 3, 1]),
        role: choose(['active', 'canary', 'named'], [8, 1, 1]),
        route: choose(['POST /predict', 'POST /predict/batch'], [7, 3]),
        worker: choose(['1', '2', '3', '4'], [1, 1, 1, 1]),
        script: choose(['latin', 'cyrillic', 'han', 'not set'], [8, 1, 1, 0.2]),
        batch: choose(['true', 'false'], [2, 8]),
        retraining: choose(['true', 'false'], [1, 9]),
        coldVersion: choose(['true', 'false'], [1, 9]),
        prediction: choose(['spam', 'ham'], [4, 6]),
        anomaly: choose(['not set', 'length', 'unknown_words'], [9, 0.5, 0.5]),
        shadow: choose(['not set', 'spam', 'ham'], [5, 2, 3]),
        client: choose(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'], [4, 3, 2, 1, 1, 1, 1, 1]),
        zone: choose(['a', 'b', 'c'], [1, 1, 1]),
      },
      numbers: {
        characters,
        tokens: Math.round((characters / 6) * (0.8 + 0.4 * random())),
        unknownRatio: random() ** 3,
        confidence: 0.5 + random() / 2,
        inFlight: 1 + Math.floor(8 * random() ** 2),
        eventLoopDelaySeconds: random() < 0.9 ? 0 : random() / 10,
      },
    };
  });
}

/** Characters and tokens both say how long a text is. */
export function groupOf(name: string): string {
  return name === 'characters' || name === 'tokens' ? 'length' : name;
}

const OUTCOMES = new Set(['prediction', 'anomaly', 'shadow', 'confidence']);

/** Makes a table of rows. `isSelected` says which rows are on the side of the selection. */
export function makeTable(rows: readonly MadeRow[], isSelected: (row: MadeRow, at: number) => boolean): Table {
  const words = Object.keys(rows[0]?.words ?? {}).map((name): Column => {
    const values = [...new Set(rows.map((row) => row.words[name]!))].filter((value) => value !== 'not set');
    const codes = Uint16Array.from(rows, (row) => values.indexOf(row.words[name]!) + 1);
    return { kind: 'word', name, group: groupOf(name), isOutcome: OUTCOMES.has(name), values, codes };
  });
  const numbers = Object.keys(rows[0]?.numbers ?? {}).map(
    (name): Column => ({
      kind: 'number',
      name,
      group: groupOf(name),
      isOutcome: OUTCOMES.has(name),
      numbers: Float64Array.from(rows, (row) => row.numbers[name]!),
    }),
  );
  return {
    columns: [...words, ...numbers],
    side: Uint8Array.from(rows, (row, at) => (isSelected(row, at) ? 1 : 2)),
    unit: Uint32Array.from(rows, (_, at) => at),
    seconds: Float64Array.from(rows, () => 0.01),
    time: Float64Array.from(rows, (_, at) => at + 1),
    traceId: new Uint8Array(16 * rows.length),
    selectedBy: ['time'],
    isFull: false,
  };
}

/** A fault that is planted into made rows. */
export interface PlantedFault {
  readonly name: string;
  /** The groups of the attributes that describe it. */
  readonly groups: readonly string[];
  /** Returns true if a row is within the slice. */
  readonly isIn: (row: MadeRow) => boolean;
}

/** The faults. Each must be the first finding. */
export const PLANTED_FAULTS: readonly PlantedFault[] = [
  {
    name: 'a slow version with long texts',
    groups: ['length', 'version'],
    isIn: ({ words, numbers }) => words['version'] === '2' && numbers['characters']! > 550,
  },
  {
    name: 'one label wrong in one script',
    groups: ['prediction', 'script'],
    isIn: ({ words }) => words['prediction'] === 'ham' && words['script'] === 'cyrillic',
  },
  { name: 'a slow worker', groups: ['worker'], isIn: ({ words }) => words['worker'] === '3' },
];

/**
 * Plants a fault: most rows of the slice are selected, and a few of the others.
 *
 * @returns the table, and the number of selected rows in the slice
 */
export function plant(fault: PlantedFault, count: number, seed: number, inside = 0.8, outside = 0.02) {
  const random = createRandom(seed + 1);
  const rows = makeRows(count, seed);
  const table = makeTable(rows, (row) => random() < (fault.isIn(row) ? inside : outside));
  const selected = rows.filter((row, at) => fault.isIn(row) && table.side[at] === 1).length;
  return { table, selected };
}
