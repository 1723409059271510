import { expect, test } from 'vitest';
import type { DocumentMatrix } from '../../../src/classifier/features/document-matrix.ts';
import { createDocumentView } from '../../../src/classifier/features/document-view.ts';
import { decodeIdf, encodeIdf } from '../../../src/classifier/features/tf-idf.ts';

/** Three documents. Columns 0 and 1 are words, column 2 is a character feature. */
const matrix: DocumentMatrix = {
  rowCount: 3,
  featureCount: 3,
  wordFeatureCount: 2,
  rowStarts: Float64Array.of(0, 2, 4, 6),
  columns: Uint32Array.of(0, 2, 0, 1, 1, 2),
  counts: Uint8Array.of(1, 1, 1, 1, 1, 1),
};

test('has the features and weights of its documents, as if there were no others', () => {
  const view = createDocumentView(matrix, Uint32Array.of(0, 1), 1);
  const own = view(Uint32Array.of(0, 1));
  expect(own).toMatchObject({ rowCount: 2, featureCount: 3, wordFeatureCount: 2 });
  expect([...own.rowStarts]).toEqual([0, 2, 4]);
  expect([...own.columns]).toEqual([0, 2, 0, 1]);
  const [both, one] = decodeIdf(Uint8Array.of(encodeIdf(2, 2), encodeIdf(2, 1)));
  const length = Math.hypot(both!, one!);
  const expected = [1, 1, both! / length, one! / length];
  for (const [at, value] of own.values.entries()) expect(value).toBeCloseTo(expected[at]!, 6);
});

test('does not know a feature that occurs in too few of its documents', () => {
  const view = createDocumentView(matrix, Uint32Array.of(0, 1), 2);
  const other = view(Uint32Array.of(2, 1));
  expect(other).toMatchObject({ rowCount: 2, featureCount: 1, wordFeatureCount: 1 });
  expect([...other.rowStarts]).toEqual([0, 0, 1]);
  expect([...other.columns]).toEqual([0]);
  expect([...other.values]).toEqual([1]);
});
