import { chooseFindings } from './choose-findings.ts';
import { encode } from './coded-attributes.ts';
import { describeFinding, type FoundSlice } from './describe-finding.ts';
import { PairCounts } from './pair-counts.ts';
import { randomHighestScores } from './permutation-test.ts';
import { removeRestated } from './restated.ts';
import { type ScoreOptions, Slices } from './slices.ts';
import { SIDE, type Table } from './table.ts';

/** The parameters of the score. `alpha` is that of the evaluation of SliceLine; a slice of 20 rows can be named. */
const SCORE_OPTIONS: ScoreOptions = { alpha: 0.95, minRows: 20 };

/** A finding is named if at most this share of random selections has one as strong. */
const MAX_CHANCE = 0.05;

/** The fewest rows on each side. */
const MIN_ROWS = 5;

/** The result of a comparison. */
export interface ComparisonResult {
  readonly selection: number;
  readonly baseline: number;
  readonly findings: readonly FoundSlice[];
  readonly restated: readonly string[];
  readonly chance: number;
}

/**
 * Finds what is different about the selected rows of a table: the slices of one or two conditions with the highest scores,
 * without those that chance gives, that restate the selection, or that say nothing new.
 */
export function compare(table: Table, seed = 1): ComparisonResult {
  const rows = rowsOf(table);
  const isSelected = Uint8Array.from(rows, (row) => (table.side[row] === SIDE.selection ? 1 : 0));
  const selection = isSelected.reduce((sum, one) => sum + one, 0);
  const baseline = rows.length - selection;
  const nothing = { selection, baseline, findings: [], restated: [], chance: 1 };
  if (selection < MIN_ROWS || baseline < MIN_ROWS) return nothing;
  const coded = table.columns.map((column) => encode(column, rows)).filter(({ conditions }) => conditions.length > 1);
  const { attributes, restated } = removeRestated(coded, isSelected, new Set(table.selectedBy));
  if (attributes.length < 2) return { ...nothing, restated };

  const total = { rows: rows.length, selected: selection };
  const pairs = new PairCounts(attributes);
  pairs.count(Uint32Array.from(rows, (_, at) => at));
  const slices = new Slices(pairs, total, SCORE_OPTIONS);
  pairs.count(Uint32Array.from([...isSelected.keys()].filter((at) => isSelected[at] === 1)));
  const highest = slices.highestScore(pairs, false);
  if (highest <= 0) return { ...nothing, restated };

  const unit = Uint32Array.from(rows, (row) => table.unit[row]!);
  const random = randomHighestScores({ attributes, isSelected, unit }, SCORE_OPTIONS, highest, seed);
  const chanceOf = (score: number) => (1 + random.filter((other) => other >= score).length) / (1 + random.length);
  const chosen = chooseFindings({
    slices,
    pairs,
    attributes,
    isSelected,
    total,
    isBeyondChance: (score) => chanceOf(score) <= MAX_CHANCE,
  });
  return {
    selection,
    baseline,
    findings: chosen.map((finding) =>
      describeFinding(finding, { table, rows, isSelected, total, chance: chanceOf(finding.score) }),
    ),
    restated,
    chance: chanceOf(highest),
  };
}

/** Returns the rows that are on a side. */
function rowsOf({ side }: Table): Uint32Array {
  return Uint32Array.from([...side.keys()].filter((row) => side[row] !== SIDE.none));
}
