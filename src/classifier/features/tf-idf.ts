import type { DocumentMatrix } from './document-matrix.ts';

/** Steps of a stored inverse document frequency: a byte covers 0 to 15.9, which is enough for 3 million documents. */
const idfSteps = 16;

const tabulated = 256;
const sublinear = new Float64Array(tabulated);
for (let count = 1; count < tabulated; count += 1) sublinear[count] = 1 + Math.log(count);

/** Sublinear term frequency, 1 + ln(count) (Manning, Raghavan, Schütze: Introduction to Information Retrieval, 6.4.1). */
export function termFrequency(count: number): number {
  return count < tabulated ? sublinear[count]! : 1 + Math.log(count);
}

/**
 * Smoothed inverse document frequency, ln((1 + documents) / (1 + frequency)) + 1 as scikit-learn defines it, rounded to
 * sixteenths. Training rounds too, so the byte in the artefact loses nothing.
 */
export function encodeIdf(documents: number, frequency: number): number {
  const idf = Math.log((1 + documents) / (1 + frequency)) + 1;
  return Math.min(255, Math.max(1, Math.round(idf * idfSteps)));
}

export function decodeIdf(codes: Uint8Array): Float32Array {
  const idf = new Float32Array(codes.length);
  for (let at = 0; at < codes.length; at += 1) idf[at] = codes[at]! / idfSteps;
  return idf;
}

/**
 * Documents as vectors: sublinear tf times idf, the word part and the character part each brought to unit length, so
 * that thousands of character n-grams do not drown a hundred words.
 */
export interface WeightedMatrix extends Omit<DocumentMatrix, 'counts'> {
  readonly values: Float32Array;
}

export function weighMatrix(matrix: DocumentMatrix, idf: Float32Array): WeightedMatrix {
  const { rows, rowStarts, columns, counts, wordFeatures } = matrix;
  const values = new Float32Array(columns.length);
  for (let row = 0; row < rows; row += 1) {
    const start = rowStarts[row]!;
    const end = rowStarts[row + 1]!;
    let wordSquares = 0;
    let characterSquares = 0;
    for (let at = start; at < end; at += 1) {
      const column = columns[at]!;
      const value = termFrequency(counts[at]!) * idf[column]!;
      values[at] = value;
      if (column < wordFeatures) wordSquares += value * value;
      else characterSquares += value * value;
    }
    const wordScale = wordSquares > 0 ? 1 / Math.sqrt(wordSquares) : 0;
    const characterScale = characterSquares > 0 ? 1 / Math.sqrt(characterSquares) : 0;
    for (let at = start; at < end; at += 1) {
      values[at]! *= columns[at]! < wordFeatures ? wordScale : characterScale;
    }
  }
  // Without the counts: nothing reads them again, and large data make them large.
  return { rows, features: matrix.features, wordFeatures, rowStarts, columns, values };
}
