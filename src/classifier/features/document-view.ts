import type { DocumentMatrix } from './document-matrix.ts';
import { decodeIdf, encodeIdf, type WeightedMatrix, weighMatrix } from './tf-idf.ts';

/** Returns the TF-IDF vectors of some rows of a matrix. */
export type DocumentView = (rows: Uint32Array) => WeightedMatrix;

/**
 * Creates a view of a matrix whose features and weights come from some documents alone, as if the other documents did not
 * exist. A model that learns through the view has not seen the other documents in any way.
 *
 * @param documents the rows that the features and their weights come from
 * @param minDocuments the number of these documents in which a feature must occur
 */
export function createDocumentView(matrix: DocumentMatrix, documents: Uint32Array, minDocuments: number): DocumentView {
  const frequencies = new Uint32Array(matrix.featureCount);
  for (const row of documents) {
    for (let at = matrix.rowStarts[row]!; at < matrix.rowStarts[row + 1]!; at += 1) {
      frequencies[matrix.columns[at]!]! += 1;
    }
  }
  const newColumns = new Int32Array(matrix.featureCount).fill(-1);
  const idfCodes: number[] = [];
  let wordFeatureCount = 0;
  for (const [column, frequency] of frequencies.entries()) {
    if (frequency < minDocuments) continue;
    newColumns[column] = idfCodes.length;
    idfCodes.push(encodeIdf(documents.length, frequency));
    if (column < matrix.wordFeatureCount) wordFeatureCount += 1;
  }
  const idf = decodeIdf(Uint8Array.from(idfCodes));
  return (rows) =>
    weighMatrix({ ...selectRows(matrix, rows, newColumns), featureCount: idf.length, wordFeatureCount }, idf);
}

/** Copies rows, with the new number of each column, and without columns of the number -1. */
function selectRows(
  matrix: DocumentMatrix,
  rows: Uint32Array,
  newColumns: Int32Array,
): Pick<DocumentMatrix, 'rowCount' | 'rowStarts' | 'columns' | 'counts'> {
  let size = 0;
  for (const row of rows) size += matrix.rowStarts[row + 1]! - matrix.rowStarts[row]!;
  const rowStarts = new Float64Array(rows.length + 1);
  const columns = new Uint32Array(size);
  const counts = new Uint8Array(size);
  let to = 0;
  for (const [index, row] of rows.entries()) {
    for (let at = matrix.rowStarts[row]!; at < matrix.rowStarts[row + 1]!; at += 1) {
      const column = newColumns[matrix.columns[at]!]!;
      if (column < 0) continue;
      columns[to] = column;
      counts[to] = matrix.counts[at]!;
      to += 1;
    }
    rowStarts[index + 1] = to;
  }
  return { rowCount: rows.length, rowStarts, columns: columns.subarray(0, to), counts: counts.subarray(0, to) };
}
