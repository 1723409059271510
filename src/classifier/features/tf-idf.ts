import type { DocumentMatrix } from './document-matrix.ts';

/**
 * Steps of a stored inverse document frequency for each unit. One byte then covers 0 to 15.9, which is enough for 3
 * million documents.
 */
const IDF_STEPS_PER_UNIT = 16;

const TABLE_SIZE = 256;
const termFrequencies = new Float64Array(TABLE_SIZE);
for (let count = 1; count < TABLE_SIZE; count += 1) termFrequencies[count] = 1 + Math.log(count);

/**
 * Returns the sublinear term frequency, 1 + ln(count), of a count of 1 or more (Manning, Raghavan, Schütze:
 * Introduction to Information Retrieval, 2008, section 6.4.1).
 */
export function termFrequency(count: number): number {
  return count < TABLE_SIZE ? termFrequencies[count]! : 1 + Math.log(count);
}

/**
 * Returns the smoothed inverse document frequency in sixteenths, 1 to 255, as scikit-learn's `TfidfTransformer` defines
 * it: `ln((1 + documents) / (1 + documentFrequency)) + 1`. Training uses the rounded value too, so the byte in the
 * artefact loses nothing.
 */
export function encodeIdf(documents: number, documentFrequency: number): number {
  const idf = Math.log((1 + documents) / (1 + documentFrequency)) + 1;
  return Math.min(255, Math.max(1, Math.round(idf * IDF_STEPS_PER_UNIT)));
}

/** Returns the inverse document frequencies of codes from `encodeIdf`. */
export function decodeIdf(codes: Uint8Array): Float32Array {
  const idf = new Float32Array(codes.length);
  for (let at = 0; at < codes.length; at += 1) idf[at] = codes[at]! / IDF_STEPS_PER_UNIT;
  return idf;
}

/**
 * Documents as TF-IDF vectors, with the layout of `DocumentMatrix`. Word features and character features each have
 * Euclidean length 1. Otherwise thousands of character n-grams would outweigh a hundred words.
 */
export interface WeightedMatrix extends Omit<DocumentMatrix, 'counts'> {
  /** The value of each entry. */
  readonly values: Float32Array;
}

/**
 * Returns the TF-IDF vectors of documents.
 *
 * @param idf inverse document frequency of each feature
 */
export function weighMatrix(matrix: DocumentMatrix, idf: Float32Array): WeightedMatrix {
  const { rowCount, featureCount, wordFeatureCount, rowStarts, columns, counts } = matrix;
  const values = new Float32Array(columns.length);
  for (let row = 0; row < rowCount; row += 1) {
    const start = rowStarts[row]!;
    const end = rowStarts[row + 1]!;
    let wordSquares = 0;
    let characterSquares = 0;
    for (let at = start; at < end; at += 1) {
      const column = columns[at]!;
      const value = termFrequency(counts[at]!) * idf[column]!;
      values[at] = value;
      if (column < wordFeatureCount) wordSquares += value * value;
      else characterSquares += value * value;
    }
    const wordScale = wordSquares > 0 ? 1 / Math.sqrt(wordSquares) : 0;
    const characterScale = characterSquares > 0 ? 1 / Math.sqrt(characterSquares) : 0;
    for (let at = start; at < end; at += 1) {
      values[at]! *= columns[at]! < wordFeatureCount ? wordScale : characterScale;
    }
  }
  // The counts are left out: nothing reads them again, and they are large for large data.
  return { rowCount, featureCount, wordFeatureCount, rowStarts, columns, values };
}
