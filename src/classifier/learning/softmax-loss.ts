import type { WeightedMatrix } from '../features/tf-idf.ts';
import { softmaxInPlace } from '../scoring/softmax.ts';
import type { Objective } from './newton.ts';

/** Returns the penalised loss as a function of the weights, feature by feature, and then the biases. */
export function softmaxLoss(
  matrix: WeightedMatrix,
  rows: Uint32Array,
  targets: Uint32Array,
  labels: number,
  costs: Float64Array,
): Objective {
  const { rowStarts, columns, values, featureCount } = matrix;
  const biasStart = featureCount * labels;
  // The probabilities of each row at the latest point.
  const probabilities = new Float32Array(matrix.rowCount * labels);
  const scores = new Float64Array(labels);
  const readScores = (row: number, variables: Float64Array) => {
    for (let label = 0; label < labels; label += 1) scores[label] = variables[biasStart + label]!;
    const end = rowStarts[row + 1]!;
    for (let at = rowStarts[row]!; at < end; at += 1) {
      const value = values[at]!;
      const base = columns[at]! * labels;
      for (let label = 0; label < labels; label += 1) scores[label]! += value * variables[base + label]!;
    }
  };
  const addScores = (row: number, variables: Float64Array) => {
    for (let label = 0; label < labels; label += 1) variables[biasStart + label]! += scores[label]!;
    const end = rowStarts[row + 1]!;
    for (let at = rowStarts[row]!; at < end; at += 1) {
      const value = values[at]!;
      const base = columns[at]! * labels;
      for (let label = 0; label < labels; label += 1) variables[base + label]! += value * scores[label]!;
    }
  };
  return {
    evaluate(variables, gradient) {
      let loss = 0;
      gradient.set(variables);
      for (let at = 0; at < variables.length; at += 1) loss += 0.5 * variables[at]! ** 2;
      for (const row of rows) {
        const target = targets[row]!;
        readScores(row, variables);
        const targetScore = scores[target]!;
        const highest = scores.reduce((a, b) => Math.max(a, b));
        let sum = 0;
        for (let label = 0; label < labels; label += 1) sum += Math.exp(scores[label]! - highest);
        loss += costs[row]! * (Math.log(sum) + highest - targetScore);
        softmaxInPlace(scores);
        probabilities.set(scores, row * labels);
        scores[target]! -= 1;
        for (let label = 0; label < labels; label += 1) scores[label]! *= costs[row]!;
        addScores(row, gradient);
      }
      return loss;
    },
    multiplyHessian(direction, product) {
      product.set(direction);
      for (const row of rows) {
        readScores(row, direction);
        const first = row * labels;
        let mean = 0;
        for (let label = 0; label < labels; label += 1) mean += probabilities[first + label]! * scores[label]!;
        for (let label = 0; label < labels; label += 1) {
          scores[label] = costs[row]! * probabilities[first + label]! * (scores[label]! - mean);
        }
        addScores(row, product);
      }
    },
    hessianDiagonal(diagonal) {
      diagonal.fill(1);
      for (const row of rows) {
        const first = row * labels;
        const end = rowStarts[row + 1]!;
        for (let label = 0; label < labels; label += 1) {
          const p = probabilities[first + label]!;
          scores[label] = costs[row]! * p * (1 - p);
          diagonal[biasStart + label]! += scores[label]!;
        }
        for (let at = rowStarts[row]!; at < end; at += 1) {
          const square = values[at]! ** 2;
          const base = columns[at]! * labels;
          for (let label = 0; label < labels; label += 1) diagonal[base + label]! += square * scores[label]!;
        }
      }
    },
  };
}
