import type { CodedAttribute } from './coded-attributes.ts';
import { PairCounts } from './pair-counts.ts';
import { createRandom } from './random.ts';
import { type ScoreOptions, Slices } from './slices.ts';

/** The number of random selections. The smallest p-value is 1 in 200. */
const PERMUTATIONS = 199;

/** The test stops after so many random selections with a higher score: chance explains the highest one. */
const ENOUGH_HIGHER = 20;

/**
 * The most rows that one random selection counts. A larger selection is tested on a random part of the rows. That makes chance
 * look stronger than it is, so the test only becomes more careful.
 */
const MAX_COUNTED = 1_000;

/** The share of units with several rows that must be wholly selected for the test to select whole units. */
const MIN_WHOLE_UNITS = 0.9;

/** The rows of a comparison, by their place in the coded attributes. */
export interface SelectedRows {
  readonly attributes: readonly CodedAttribute[];
  readonly isSelected: Uint8Array;
  readonly unit: Uint32Array;
}

/**
 * Returns the highest score that any slice gets in each of some random selections of the same size (the max-statistic
 * permutation test of Westfall and Young, 1993). It holds for all slices together, however they depend on each other.
 *
 * Rows of the same request are selected together if the real selection does so: a slow batch is one slow request, and not a
 * thousand slow predictions.
 *
 * @param highest the highest score of the real selection
 */
export function randomHighestScores(
  { attributes, isSelected, unit }: SelectedRows,
  options: ScoreOptions,
  highest: number,
  seed: number,
): number[] {
  const random = createRandom(seed);
  const units = groupUnits(unit, isSelected);
  const all = isSelected.length;
  const selected = isSelected.reduce((sum, one) => sum + one, 0);
  const share = Math.min(1, MAX_COUNTED / Math.min(selected, all - selected));
  const rows = takeUnits(units, Math.ceil(share * all), random);
  const part = attributes.map((attribute) => ({
    ...attribute,
    codes: Uint8Array.from(rows, (row) => attribute.codes[row]!),
  }));
  const partSelected = Math.max(1, Math.round((selected / all) * rows.length));
  const pairs = new PairCounts(part);
  pairs.count(Uint32Array.from(rows, (_, at) => at));
  const total = { rows: rows.length, selected: partSelected };
  const slices = new Slices(pairs, total, { ...options, minRows: Math.max(2, Math.round(options.minRows * share)) });
  const partUnits = groupUnits(
    Uint32Array.from(rows, (row) => units.unitOf[row]!),
    undefined,
  );
  const isComplement = partSelected > rows.length / 2;
  const drawn = isComplement ? rows.length - partSelected : partSelected;
  const scores: number[] = [];
  let higher = 0;
  while (scores.length < PERMUTATIONS && higher < ENOUGH_HIGHER) {
    pairs.count(takeUnits(partUnits, drawn, random));
    const score = slices.highestScore(pairs, isComplement);
    scores.push(score);
    if (score >= highest) higher += 1;
  }
  return scores;
}

/** Rows by unit. */
interface Units {
  /** The unit of each row. */
  readonly unitOf: Uint32Array;
  /** The units, in the order in which they are taken. */
  readonly order: Uint32Array;
  /** The rows of each unit: from `starts[unit]` to `starts[unit + 1]` of `rows`. */
  readonly rows: Uint32Array;
  readonly starts: Uint32Array;
}

/**
 * Groups rows by unit. If the selection divides units, each row is a unit of its own.
 *
 * @param isSelected undefined if the units must stay
 */
function groupUnits(unit: Uint32Array, isSelected: Uint8Array | undefined): Units {
  const numbers = new Map<number, number>();
  const grouped = Uint32Array.from(unit, (one) => numbers.get(one) ?? numbers.set(one, numbers.size).size - 1);
  const unitOf = isSelected && dividesUnits(grouped, numbers.size, isSelected) ? grouped.map((_, row) => row) : grouped;
  const count = unitOf === grouped ? numbers.size : unitOf.length;
  const starts = new Uint32Array(count + 1);
  for (const one of unitOf) starts[one + 1]! += 1;
  for (let one = 0; one < count; one += 1) starts[one + 1]! += starts[one]!;
  const next = starts.slice();
  const rows = new Uint32Array(unitOf.length);
  for (let row = 0; row < unitOf.length; row += 1) {
    const one = unitOf[row]!;
    rows[next[one]!] = row;
    next[one]! += 1;
  }
  return { unitOf, order: Uint32Array.from({ length: count }, (_, one) => one), rows, starts };
}

function dividesUnits(unitOf: Uint32Array, count: number, isSelected: Uint8Array): boolean {
  const sizes = new Uint32Array(count);
  const selected = new Uint32Array(count);
  for (const [row, unit] of unitOf.entries()) {
    sizes[unit]! += 1;
    selected[unit]! += isSelected[row]!;
  }
  let touched = 0;
  let whole = 0;
  for (let unit = 0; unit < count; unit += 1) {
    if (sizes[unit]! < 2 || selected[unit] === 0) continue;
    touched += 1;
    if (selected[unit] === sizes[unit]) whole += 1;
  }
  return whole < MIN_WHOLE_UNITS * touched;
}

/** Returns the rows of random units, at least `count` rows in all. The chosen units come first in `order` (Fisher-Yates). */
function takeUnits({ order, rows, starts }: Units, count: number, random: () => number): Uint32Array {
  const taken = new Uint32Array(rows.length);
  let size = 0;
  for (let at = 0; at < order.length && size < count; at += 1) {
    const other = at + Math.floor(random() * (order.length - at));
    const unit = order[other]!;
    order[other] = order[at]!;
    order[at] = unit;
    for (let row = starts[unit]!; row < starts[unit + 1]!; row += 1) {
      taken[size] = rows[row]!;
      size += 1;
    }
  }
  return taken.subarray(0, size);
}
