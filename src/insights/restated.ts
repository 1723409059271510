import type { CodedAttribute } from './coded-attributes.ts';
import { NOT_SET } from './coded-attributes.ts';

/** The share of the uncertainty about the selection that an attribute removes if it only restates the selection. */
const MIN_EXPLAINED = 0.95;

/** The group of the attributes that say that a request failed. */
const FAILURE_GROUP = 'failure';

/** Attributes without those that restate the selection, and the names of those. */
export interface Restated {
  readonly attributes: readonly CodedAttribute[];
  readonly restated: readonly string[];
}

/**
 * Removes the attributes that only restate the selection: those by which it was selected, others of the same group, and
 * outcomes that decide membership, as `errorType` does for failed requests. A selection that is made by causes alone is also
 * restated by another cause with the same rows, as the version 2 by the role of the canary.
 *
 * @param selectedBy the groups of the attributes that selected
 */
export function removeRestated(
  attributes: readonly CodedAttribute[],
  isSelected: Uint8Array,
  selectedBy: ReadonlySet<string>,
): Restated {
  const groups = new Map(attributes.map(({ column }) => [column.group, column.isOutcome]));
  const isByOutcome = [...selectedBy].some((group) => groups.get(group) !== false);
  const isFailure = selectedBy.has(FAILURE_GROUP);
  const kept: CodedAttribute[] = [];
  const restated: string[] = [];
  for (const attribute of attributes) {
    const { column } = attribute;
    const canRestate = column.isOutcome || !isByOutcome;
    if (selectedBy.has(column.group) || (canRestate && explainedShare(attribute, isSelected) >= MIN_EXPLAINED)) {
      restated.push(column.name);
    } else {
      const hasConsequence = isFailure && column.isMissingOnFailure;
      kept.push(hasConsequence ? withoutNotSet(attribute) : attribute);
    }
  }
  return { attributes: kept, restated };
}

function withoutNotSet(attribute: CodedAttribute): CodedAttribute {
  return { ...attribute, conditions: attribute.conditions.filter(({ value }) => value !== NOT_SET) };
}

/** Returns the mutual information of an attribute and the selection, divided by the entropy of the selection. */
function explainedShare({ codes, size }: CodedAttribute, isSelected: Uint8Array): number {
  const all = new Uint32Array(size);
  const selected = new Uint32Array(size);
  for (const [row, code] of codes.entries()) {
    all[code]! += 1;
    selected[code]! += isSelected[row]!;
  }
  const total = selected.reduce((sum, count) => sum + count, 0);
  const entropy = binaryEntropy(total / codes.length);
  if (entropy === 0) return 0;
  let left = 0;
  for (let code = 0; code < size; code += 1) {
    if (all[code]! > 0) left += (all[code]! / codes.length) * binaryEntropy(selected[code]! / all[code]!);
  }
  return 1 - left / entropy;
}

function binaryEntropy(share: number): number {
  if (share <= 0 || share >= 1) return 0;
  return -share * Math.log2(share) - (1 - share) * Math.log2(1 - share);
}
