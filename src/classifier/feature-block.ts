import { addHash, createHashIndex, findHash, type HashIndex } from './hash-index.ts';

/**
 * One kind of features (word n-grams, or character n-grams) and how often each of them occurs in the text at hand.
 * `touched` lists the features of the text, so that clearing costs the text's length and not the vocabulary's.
 */
export interface FeatureBlock {
  readonly index: HashIndex;
  /** Occurrences in the current text, by feature number. */
  counts: Int32Array;
  touched: Int32Array;
  touchedCount: number;
}

export function createFeatureBlock(index: HashIndex = createHashIndex()): FeatureBlock {
  const size = Math.max(1024, index.size);
  return { index, counts: new Int32Array(size), touched: new Int32Array(size), touchedCount: 0 };
}

/** Forgets the current text. */
export function clearBlock(block: FeatureBlock): void {
  const { counts, touched, touchedCount } = block;
  for (let at = 0; at < touchedCount; at += 1) counts[touched[at]!] = 0;
  block.touchedCount = 0;
}

/** Counts one occurrence of a feature; returns its number, or -1 where the vocabulary lacks it. */
export function countKnown(block: FeatureBlock, hash: number): number {
  const feature = findHash(block.index, hash);
  if (feature >= 0) countFeature(block, feature);
  return feature;
}

/** Counts one occurrence of a feature, and takes it into the vocabulary if it is new; returns its number. */
export function countAny(block: FeatureBlock, hash: number): number {
  const feature = addHash(block.index, hash);
  if (feature >= block.counts.length) {
    block.counts = enlarged(block.counts);
    block.touched = enlarged(block.touched);
  }
  countFeature(block, feature);
  return feature;
}

/** Counts one occurrence of a feature by its number. */
export function countFeature(block: FeatureBlock, feature: number): void {
  const before = block.counts[feature]!;
  if (before === 0) {
    block.touched[block.touchedCount] = feature;
    block.touchedCount += 1;
  }
  block.counts[feature] = before + 1;
}

function enlarged(array: Int32Array): Int32Array {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
