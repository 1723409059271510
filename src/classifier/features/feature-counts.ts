import { addHash, createHashIndex, type HashIndex } from '../text/hash-index.ts';

/**
 * How often each feature of one kind (word n-grams, or character n-grams) occurs in the text at hand. `touched` lists
 * the features of the text, so that clearing costs the text's length and not the vocabulary's.
 */
export interface FeatureCounts {
  /** Occurrences in the current text, by feature number; 255 stands for any more. A byte each, to stay in the processor's caches. */
  counts: Uint8ClampedArray;
  touched: Int32Array;
  touchedCount: number;
}

/** Counts of a vocabulary that grows with the texts. */
export interface VocabularyCounts extends FeatureCounts {
  readonly index: HashIndex;
}

export function createFeatureCounts(features: number): FeatureCounts {
  // Of `touched` one more than there can be: what is written at its end counts only where the feature is new.
  return { counts: new Uint8ClampedArray(features), touched: new Int32Array(features + 1), touchedCount: 0 };
}

export function createVocabularyCounts(): VocabularyCounts {
  return { ...createFeatureCounts(1024), index: createHashIndex() };
}

/** Forgets the current text. */
export function clearCounts(block: FeatureCounts): void {
  const { counts, touched, touchedCount } = block;
  for (let at = 0; at < touchedCount; at += 1) counts[touched[at]!] = 0;
  block.touchedCount = 0;
}

/** Counts one occurrence of a feature, and takes it into the vocabulary if it is new; returns its number. */
export function addFeature(block: VocabularyCounts, hash: number): number {
  const feature = addHash(block.index, hash);
  if (feature >= block.counts.length) {
    block.counts = enlarged(block.counts, new Uint8ClampedArray(block.counts.length * 2));
    block.touched = enlarged(block.touched, new Int32Array(block.touched.length * 2));
  }
  countFeature(block, feature, 1);
  return feature;
}

/** Counts so many occurrences of a feature by its number. */
export function countFeature(block: FeatureCounts, feature: number, times: number): void {
  const before = block.counts[feature]!;
  block.touched[block.touchedCount] = feature;
  block.touchedCount += (before - 1) >>> 31;
  block.counts[feature] = before + times;
}

function enlarged<Items extends Int32Array | Uint8ClampedArray>(array: Items, larger: Items): Items {
  larger.set(array);
  return larger;
}
