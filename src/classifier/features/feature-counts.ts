import { addHash, createHashIndex, enlarge, type HashIndex } from '../text/hash-index.ts';

/**
 * The occurrences in the current text of each feature of one kind (word n-grams, or character n-grams): a sparse
 * accumulator (Gilbert, Moler, Schreiber: Sparse matrices in MATLAB, 1992). `touched` lists the features of the text,
 * so that clearing takes time by the length of the text and not by the size of the vocabulary.
 */
export interface FeatureCounts {
  /**
   * Occurrences in the current text, by feature number. 255 stands for 255 or more. One byte for each feature, so that
   * the array stays in the processor's caches.
   */
  counts: Uint8ClampedArray;
  /** The numbers of the features in the current text, in the order of their first occurrences. */
  touched: Int32Array;
  /** The number of elements of `touched` in use. */
  touchedCount: number;
}

/** Counts of a vocabulary that grows with the texts. */
export interface VocabularyCounts extends FeatureCounts {
  /** The vocabulary: the number of each feature by its hash. */
  readonly index: HashIndex;
}

/** Creates the counts of a vocabulary with a fixed number of features. */
export function createFeatureCounts(featureCount: number): FeatureCounts {
  // `touched` has one element more than needed: `countFeature` writes after the last element even if the feature is
  // known.
  return { counts: new Uint8ClampedArray(featureCount), touched: new Int32Array(featureCount + 1), touchedCount: 0 };
}

/** Creates the counts of an empty vocabulary. */
export function createVocabularyCounts(): VocabularyCounts {
  return { ...createFeatureCounts(1024), index: createHashIndex() };
}

/** Sets the counts of the current text to 0. */
export function clearCounts(featureCounts: FeatureCounts): void {
  const { counts, touched, touchedCount } = featureCounts;
  for (let at = 0; at < touchedCount; at += 1) counts[touched[at]!] = 0;
  featureCounts.touchedCount = 0;
}

/** Counts one occurrence of a feature and returns its number. A new feature joins the vocabulary. */
export function addFeature(vocabularyCounts: VocabularyCounts, hash: number): number {
  const feature = addHash(vocabularyCounts.index, hash);
  const { counts, touched } = vocabularyCounts;
  if (feature >= counts.length) {
    vocabularyCounts.counts = new Uint8ClampedArray(counts.length * 2);
    vocabularyCounts.counts.set(counts);
    vocabularyCounts.touched = enlarge(touched);
  }
  countFeature(vocabularyCounts, feature, 1);
  return feature;
}

/** Adds `times` occurrences, 1 or more, of a feature. */
export function countFeature(featureCounts: FeatureCounts, feature: number, times: number): void {
  const before = featureCounts.counts[feature]!;
  featureCounts.touched[featureCounts.touchedCount] = feature;
  // Adds 1 if the count was 0. A branch would often be mispredicted.
  featureCounts.touchedCount += (before - 1) >>> 31;
  featureCounts.counts[feature] = before + times;
}
