import type { CodeRange } from './coded-attributes.ts';
import type { PairCounts } from './pair-counts.ts';

/** One condition of a slice. */
export interface SliceCondition {
  /** The number of the attribute. */
  readonly attribute: number;
  readonly range: CodeRange;
}

/** The parameters of the score of SliceLine (SIGMOD 2021). */
export interface ScoreOptions {
  /** The weight of the share of selected rows, against that of the size. */
  readonly alpha: number;
  /** The smallest number of rows in a slice. */
  readonly minRows: number;
}

/** Counts of rows: all, and the selected ones. */
export interface Totals {
  readonly rows: number;
  readonly selected: number;
}

/** Returns the score of a slice. It is positive if the slice is worth to be named. */
export function scoreOf(rows: number, selected: number, total: Totals, alpha: number): number {
  const lift = selected / rows / (total.selected / total.rows);
  return alpha * (lift - 1) - (1 - alpha) * (total.rows / rows - 1);
}

/**
 * All slices of one condition, or of two on attributes of different groups, that have enough rows and can get a positive score. The counts of a slice are a sum of
 * four entries of `PairCounts`, so each slice is four numbers.
 */
export class Slices {
  readonly conditions: readonly SliceCondition[];
  readonly count: number;
  readonly alpha: number;
  /** The numbers of the two conditions of each slice; the second one is -1 for a slice of one condition. */
  readonly first: Int16Array;
  readonly second: Int16Array;
  readonly sizes: Int32Array;
  /** The places of the four entries of each slice. */
  readonly #corners: Int32Array;
  /** The score is `gain * selected - cost`. */
  readonly #gains: Float64Array;
  readonly #costs: Float64Array;

  /** @param pairs the counts of all rows */
  constructor(pairs: PairCounts, total: Totals, { alpha, minRows }: ScoreOptions) {
    this.alpha = alpha;
    this.conditions = pairs.attributes.flatMap(({ conditions }, attribute) =>
      conditions.map((range) => ({ attribute, range })),
    );
    const groupOf = ({ attribute }: SliceCondition) => pairs.attributes[attribute]!.column.group;
    const found: number[] = [];
    const add = (first: number, second: number, corners: readonly [number, number, number, number]) => {
      const size = sumOf(pairs.sums, corners);
      if (size < minRows || scoreOf(size, Math.min(size, total.selected), total, alpha) <= 0) return;
      found.push(first, second, size, ...corners);
    };
    for (const [first, a] of this.conditions.entries()) {
      add(first, -1, cornersOfOne(pairs, a));
      for (let second = first + 1; second < this.conditions.length; second += 1) {
        const b = this.conditions[second]!;
        if (groupOf(a) !== groupOf(b)) add(first, second, cornersOf(pairs, a, b));
      }
    }
    this.count = found.length / 7;
    this.first = new Int16Array(this.count);
    this.second = new Int16Array(this.count);
    this.sizes = new Int32Array(this.count);
    this.#corners = new Int32Array(4 * this.count);
    for (let slice = 0; slice < this.count; slice += 1) {
      this.first[slice] = found[slice * 7]!;
      this.second[slice] = found[slice * 7 + 1]!;
      this.sizes[slice] = found[slice * 7 + 2]!;
      for (let corner = 0; corner < 4; corner += 1) this.#corners[4 * slice + corner] = found[slice * 7 + 3 + corner]!;
    }
    this.#gains = Float64Array.from(this.sizes, (size) => (alpha * total.rows) / (size * total.selected));
    this.#costs = Float64Array.from(this.sizes, (size) => alpha + (1 - alpha) * (total.rows / size - 1));
  }

  /** Returns the number of counted rows in a slice. */
  countIn(pairs: PairCounts, slice: number): number {
    const corners = this.#corners;
    const at = 4 * slice;
    const { sums } = pairs;
    return sums[corners[at]!]! - sums[corners[at + 1]!]! - sums[corners[at + 2]!]! + sums[corners[at + 3]!]!;
  }

  /** Returns the score of a slice with a number of selected rows. */
  score(slice: number, selected: number): number {
    return this.#gains[slice]! * selected - this.#costs[slice]!;
  }

  /**
   * Returns the highest score of all slices.
   *
   * @param isComplement whether the rows that are *not* selected were counted
   */
  highestScore(pairs: PairCounts, isComplement: boolean): number {
    let highest = 0;
    for (let slice = 0; slice < this.count; slice += 1) {
      const counted = this.countIn(pairs, slice);
      const score = this.score(slice, isComplement ? this.sizes[slice]! - counted : counted);
      if (score > highest) highest = score;
    }
    return highest;
  }
}

type Corners = [number, number, number, number];

function cornersOf(pairs: PairCounts, a: SliceCondition, b: SliceCondition): Corners {
  return rectangle(pairs, a.attribute, b.attribute, a.range.from, a.range.to, b.range.from, b.range.to);
}

/** A slice of one condition is a slice of two whose second one is always true. */
function cornersOfOne(pairs: PairCounts, { attribute, range }: SliceCondition): Corners {
  const other = attribute === 0 ? 1 : 0;
  const all = pairs.attributes[other]!.size - 1;
  return attribute < other
    ? rectangle(pairs, attribute, other, range.from, range.to, 0, all)
    : rectangle(pairs, other, attribute, 0, all, range.from, range.to);
}

function rectangle(
  pairs: PairCounts,
  a: number,
  b: number,
  fromA: number,
  toA: number,
  fromB: number,
  toB: number,
): Corners {
  const width = pairs.attributes[b]!.size + 1;
  const at = (first: number, second: number) => pairs.offset(a, b) + first * width + second;
  return [at(toA + 1, toB + 1), at(fromA, toB + 1), at(toA + 1, fromB), at(fromA, fromB)];
}

function sumOf(sums: Int32Array, [all, above, left, both]: readonly [number, number, number, number]): number {
  return sums[all]! - sums[above]! - sums[left]! + sums[both]!;
}
