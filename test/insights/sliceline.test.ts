import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type CodedAttribute, encode } from '../../src/insights/coded-attributes.ts';
import { PairCounts } from '../../src/insights/pair-counts.ts';
import { Slices } from '../../src/insights/slices.ts';
import type { Column } from '../../src/insights/table.ts';

interface Expected {
  alpha: number;
  minRows: number;
  k: number;
  tables: {
    codes: number[][];
    selected: number[];
    slices: { conditions: [number, number][]; score: number; rows: number; selected: number }[];
  }[];
}

// test/fixtures/sliceline/make-expected.py wrote the file with PyPI's sliceline.
const { alpha, minRows, k, tables } = JSON.parse(
  readFileSync(new URL('../fixtures/sliceline/expected.json', import.meta.url), 'utf8'),
) as Expected;

/** Makes a column of words, where the word of a code is the code itself. */
function toAttribute(codes: readonly number[], at: number): CodedAttribute {
  const words = Uint16Array.from(codes, (code) => code + 1);
  const values = Array.from({ length: Math.max(...codes) + 1 }, (_, code) => String(code));
  const column: Column = { kind: 'word', name: String(at), group: String(at), isOutcome: false, values, codes: words };
  return encode(
    column,
    Uint32Array.from(codes, (_, row) => row),
  );
}

test.each(tables.map((table, at) => ({ ...table, at })))(
  'table $at has the same best slices as in sliceline',
  ({ codes, selected, slices: expected }) => {
    const pairs = new PairCounts(codes.map(toAttribute));
    pairs.count(Uint32Array.from(selected, (_, row) => row));
    const total = { rows: selected.length, selected: selected.reduce((sum, one) => sum + one, 0) };
    const slices = new Slices(pairs, total, { alpha, minRows });
    pairs.count(Uint32Array.from([...selected.keys()].filter((row) => selected[row] === 1)));
    const found = Array.from({ length: slices.count }, (_, slice) => {
      const conditions = [slices.first[slice]!, slices.second[slice]!]
        .filter((condition) => condition !== -1)
        .map((condition) => slices.conditions[condition]!)
        .map(({ attribute, range }): [number, number] => [attribute, Number(range.value)])
        .toSorted(([a], [b]) => a - b);
      const inSlice = slices.countIn(pairs, slice);
      return { conditions, score: slices.score(slice, inSlice), rows: slices.sizes[slice]!, selected: inSlice };
    });
    const best = found
      .filter(({ score }) => score > 0)
      .toSorted((a, b) => b.score - a.score)
      .slice(0, k);
    expect(expected.length).toBeGreaterThan(0);
    expect(best.map(({ score, ...rest }) => ({ ...rest, score: score.toFixed(9) }))).toEqual(
      expected.map(({ score, ...rest }) => ({ ...rest, score: score.toFixed(9) })),
    );
  },
);
