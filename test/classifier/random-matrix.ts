import type { WeightedMatrix } from '../../src/classifier/features/tf-idf.ts';
import { createRandom } from '../../src/classifier/learning/random.ts';

/** Makes a sparse random matrix, and labels that depend on it. Every call with the same arguments returns the same. */
export function randomMatrix(rows: number, features: number, labels: number, seed = 1) {
  const random = createRandom(seed);
  const rowStarts = new Float64Array(rows + 1);
  const columns: number[] = [];
  const values: number[] = [];
  const targets = new Uint32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    targets[row] = row % labels;
    for (let column = 0; column < features; column += 1) {
      const isTypical = column % labels === targets[row];
      if (random() > (isTypical ? 0.5 : 0.25)) continue;
      columns.push(column);
      values.push(0.2 + random() * 0.5);
    }
    rowStarts[row + 1] = columns.length;
  }
  const matrix: WeightedMatrix = {
    rowCount: rows,
    featureCount: features,
    wordFeatureCount: features,
    rowStarts,
    columns: Uint32Array.from(columns),
    values: Float32Array.from(values),
  };
  return { matrix, targets, allRows: Uint32Array.from(targets.keys()) };
}
