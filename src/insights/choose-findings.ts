import type { CodedAttribute } from './coded-attributes.ts';
import { logTail } from './excess.ts';
import type { PairCounts } from './pair-counts.ts';
import { type SliceCondition, type Slices, scoreOf, type Totals } from './slices.ts';

/** The most findings of an answer, and the most slices that are considered. */
const MAX_FINDINGS = 10;
const MAX_CANDIDATES = 300;

/** A condition adds something to another one if chance does so less often, divided by the number of conditions. */
const MAX_CHILD_CHANCE = 0.01;

/** A slice that was chosen. */
export interface ChosenSlice {
  readonly conditions: readonly { readonly attribute: string; readonly value: string }[];
  readonly score: number;
  /** The places of its rows. */
  readonly rows: Uint32Array;
  readonly selected: number;
}

/** The input of the choice. */
export interface ChoiceInput {
  readonly slices: Slices;
  /** The counts of the selected rows. */
  readonly pairs: PairCounts;
  readonly attributes: readonly CodedAttribute[];
  readonly isSelected: Uint8Array;
  readonly total: Totals;
  readonly isBeyondChance: (score: number) => boolean;
}

/**
 * Chooses the findings, strongest first. A slice of two conditions is left out if one of them adds nothing to the other. A
 * slice is also left out if its rows outside of the findings before are not beyond chance: what it says is said already.
 */
export function chooseFindings({
  slices,
  pairs,
  attributes,
  isSelected,
  total,
  isBeyondChance,
}: ChoiceInput): ChosenSlice[] {
  const { alpha } = slices;
  const isCovered = new Uint8Array(isSelected.length);
  const chosen: ChosenSlice[] = [];
  let left = total;
  const parents = new Map<SliceCondition, { rows: number; selected: number }>();
  const parentOf = (condition: SliceCondition) => {
    const known = parents.get(condition);
    if (known) return known;
    const rows = rowsOf([condition], attributes);
    const parent = { rows: rows.length, selected: countSelected(rows, isSelected) };
    parents.set(condition, parent);
    return parent;
  };
  const maxLogChance = Math.log(MAX_CHILD_CHANCE / slices.conditions.length);

  for (const { slice, score } of strongest(slices, pairs, isBeyondChance)) {
    if (chosen.length === MAX_FINDINGS || left.selected === 0) break;
    const conditions = [slices.first[slice]!, slices.second[slice]!]
      .filter((condition) => condition !== -1)
      .map((condition) => slices.conditions[condition]!);
    const selected = slices.countIn(pairs, slice);
    const adds = (condition: SliceCondition) => {
      const parent = parentOf(condition);
      return logTail(parent.rows, parent.selected, slices.sizes[slice]!, selected) < maxLogChance;
    };
    if (conditions.length === 2 && !conditions.every(adds)) continue;
    const rows = rowsOf(conditions, attributes);
    if (chosen.length > 0) {
      const rest = rows.filter((row) => isCovered[row] === 0);
      if (rest.length === 0) continue;
      if (!isBeyondChance(scoreOf(rest.length, countSelected(rest, isSelected), left, alpha))) continue;
    }
    for (const row of rows) isCovered[row] = 1;
    left = countUncovered(isCovered, isSelected);
    chosen.push({ conditions: conditions.map((condition) => nameOf(condition, attributes)), score, rows, selected });
  }
  return chosen;
}

/** Returns the slices with scores beyond chance, strongest first. Of two with the same score the shorter one is first. */
function strongest(slices: Slices, pairs: PairCounts, isBeyondChance: (score: number) => boolean) {
  const candidates: { slice: number; score: number }[] = [];
  for (let slice = 0; slice < slices.count; slice += 1) {
    const score = slices.score(slice, slices.countIn(pairs, slice));
    if (score > 0) candidates.push({ slice, score });
  }
  const depth = (slice: number) => (slices.second[slice] === -1 ? 1 : 2);
  return candidates
    .toSorted((a, b) => b.score - a.score || depth(a.slice) - depth(b.slice) || a.slice - b.slice)
    .slice(0, MAX_CANDIDATES)
    .filter(({ score }) => isBeyondChance(score));
}

function rowsOf([first, second]: readonly SliceCondition[], attributes: readonly CodedAttribute[]): Uint32Array {
  const { codes } = attributes[first!.attribute]!;
  const { from, to } = first!.range;
  const others = second && attributes[second.attribute]!.codes;
  const rows = new Uint32Array(codes.length);
  let size = 0;
  for (let row = 0; row < codes.length; row += 1) {
    if (codes[row]! < from || codes[row]! > to) continue;
    if (others && (others[row]! < second.range.from || others[row]! > second.range.to)) continue;
    rows[size] = row;
    size += 1;
  }
  return rows.slice(0, size);
}

function countSelected(rows: Uint32Array, isSelected: Uint8Array): number {
  let count = 0;
  for (const row of rows) count += isSelected[row]!;
  return count;
}

function countUncovered(isCovered: Uint8Array, isSelected: Uint8Array): Totals {
  let rows = 0;
  let selected = 0;
  for (let row = 0; row < isCovered.length; row += 1) {
    if (isCovered[row] === 1) continue;
    rows += 1;
    selected += isSelected[row]!;
  }
  return { rows, selected };
}

function nameOf({ attribute, range }: SliceCondition, attributes: readonly CodedAttribute[]) {
  return { attribute: attributes[attribute]!.column.name, value: range.value };
}
