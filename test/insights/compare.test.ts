import { describe, expect, test } from 'vitest';
import { compare } from '../../src/insights/compare.ts';
import { createRandom } from '../../src/insights/random.ts';
import { mergeTables, type Table } from '../../src/insights/table.ts';
import { groupOf, makeRows, makeTable, PLANTED_FAULTS, plant } from './planted-table.ts';

const namesOf = ({ conditions }: { conditions: readonly { attribute: string }[] }) =>
  conditions.map(({ attribute }) => groupOf(attribute)).toSorted();

// `npm run bench -- insights` measures 200 runs of each fault and 1,000 random selections.
describe('a planted fault is named first', () => {
  const cases = PLANTED_FAULTS.flatMap((fault) => [1, 2, 3, 4].map((seed) => ({ ...fault, fault, seed })));
  test.each(cases)('$name, $seed', ({ fault, groups, seed }) => {
    const { table, selected } = plant(fault, 2_000, seed);
    expect(selected).toBeGreaterThanOrEqual(30);
    const { findings, chance, selection, baseline } = compare(table);
    expect(selection + baseline).toBe(2_000);
    expect(namesOf(findings[0]!)).toEqual(groups);
    expect(chance).toBe(1 / 200);
    expect(findings[0]).toMatchObject({ pValue: 1 / 200, coverage: findings[0]!.selectionShare });
    const [low, high] = findings[0]!.interval;
    expect(findings[0]!.ratio).toBeGreaterThan(low);
    expect(findings[0]!.ratio).toBeLessThan(high!);
  });
});

test('random selections hardly ever have a finding', () => {
  let named = 0;
  for (let seed = 0; seed < 20; seed += 1) {
    const random = createRandom(seed);
    const table = makeTable(makeRows(500, seed), () => random() < 0.1);
    if (compare(table, seed).findings.length > 0) named += 1;
  }
  expect(named).toBeLessThanOrEqual(3);
});

test('random selections of whole requests hardly ever have a finding, although the rows of a batch are alike', () => {
  let named = 0;
  for (let seed = 0; seed < 12; seed += 1) {
    const random = createRandom(seed);
    const requests = makeRows(100, seed);
    const unit = Array.from({ length: 1_000 }, (_, row) => row % 100);
    const slow = new Set(unit.filter(() => random() < 0.1));
    const table = makeTable(
      unit.map((request) => requests[request]!),
      (_, row) => slow.has(unit[row]!),
    );
    if (compare({ ...table, unit: Uint32Array.from(unit) }, seed).findings.length > 0) named += 1;
  }
  expect(named).toBeLessThanOrEqual(3);
});

test('"not set" is a value', () => {
  const table = makeTable(makeRows(1_500, 5), ({ words }) => words['script'] === 'not set');
  expect(compare(table).findings[0]!.conditions).toEqual([{ attribute: 'script', value: 'not set' }]);
});

describe('an attribute that only restates the selection is not a finding', () => {
  const withErrors = (isFailed: (row: number) => boolean): Table => {
    const rows = makeRows(1_500, 6);
    const table = makeTable(rows, (_, row) => isFailed(row));
    const codes = Uint16Array.from(rows, (_, row) => (isFailed(row) ? 1 : 0));
    const errorType = {
      kind: 'word',
      name: 'errorType',
      group: 'failure',
      isOutcome: true,
      values: ['internal-error'],
      codes,
    } as const;
    const columns = table.columns.map((column) =>
      column.kind === 'word' && column.name === 'model'
        ? { ...column, isMissingOnFailure: true, codes: column.codes.map((code, row) => (isFailed(row) ? 0 : code)) }
        : column,
    );
    return { ...table, columns: [errorType, ...columns] };
  };

  test('the outcome by which it was selected, and another one that decides it', () => {
    const failed = withErrors((row) => row % 10 === 0);
    for (const selectedBy of [['failure'], ['another outcome']]) {
      const { restated, findings } = compare({ ...failed, selectedBy });
      expect(restated).toContain('errorType');
      expect(findings.flatMap(namesOf)).not.toContain('errorType');
    }
  });

  test('what a failed request lacks', () => {
    const failed = withErrors((row) => row % 10 === 0);
    const { findings } = compare({ ...failed, selectedBy: ['failure'] });
    expect(findings).toEqual([]);
  });

  test('but a cause that decides it is the finding', () => {
    const table = makeTable(makeRows(1_500, 7), ({ words }) => words['worker'] === '2');
    expect(compare(table).findings[0]!.conditions).toEqual([{ attribute: 'worker', value: '2' }]);
    expect(compare({ ...table, selectedBy: ['worker'] })).toMatchObject({ findings: [], restated: ['worker'] });
  });
});

test('a condition that adds nothing is left out, and so is what is said already', () => {
  const { table } = plant(PLANTED_FAULTS[2]!, 4_000, 11);
  const { findings } = compare(table);
  expect(findings.map(({ conditions }) => conditions)).toEqual([[{ attribute: 'worker', value: '3' }]]);
});

test('an empty side, or a handful of rows, gives no finding', () => {
  const rows = makeRows(100, 8);
  expect(compare(makeTable(rows, () => true))).toMatchObject({ selection: 100, baseline: 0, findings: [], chance: 1 });
  expect(compare(makeTable(rows, (_, row) => row < 3)).findings).toEqual([]);
  expect(compare(makeTable([], () => true))).toMatchObject({ selection: 0, findings: [] });
});

test('tables of several workers are merged by the words, not by their numbers', () => {
  const rows = makeRows(1_000, 9);
  const isSlow = ({ words }: (typeof rows)[number]) => words['version'] === '3';
  const parts = [rows.slice(0, 300), rows.slice(300)].map((part) => makeTable(part, isSlow));
  const whole = makeTable(rows, isSlow);
  const merged = mergeTables([parts[0]!, parts[1]!]);
  expect(compare(merged).findings[0]!.conditions).toEqual([{ attribute: 'version', value: '3' }]);
  expect(new Set(merged.unit).size).toBe(new Set(whole.unit).size);
});
