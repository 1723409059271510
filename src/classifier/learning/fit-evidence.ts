import {
  type EvidenceCalibration,
  interpolate,
  KNOT_COUNT,
  knotPosition,
  labelOffsets,
} from '../scoring/evidence-calibration.ts';
import { softmaxInPlace } from '../scoring/softmax.ts';

/** Scales without data: little evidence means little. */
const DEFAULT_SCALES = [0, 0.4, 0.7, 0.9, 1, 1, 1];
/** The strength of the L2 penalty for the distance from the defaults. */
const RIDGE = 2;
const MAX_ITERATIONS = 30;
const MIN_GAIN = 1e-7;
const MIN_STEP_SIZE = 1e-6;
const MIN_PROBABILITY = 1e-300;
const PARAMETERS = 2 * KNOT_COUNT;

/** Returns the calibration of data that tell nothing: little evidence leads to the prior. */
export function defaultEvidenceCalibration(prior: Float64Array): Pick<EvidenceCalibration, 'scales' | 'shifts'> {
  const priorShift = prior.length === 2 ? Math.log(prior[1]! / prior[0]!) : 1;
  return { scales: DEFAULT_SCALES, shifts: DEFAULT_SCALES.map((scale) => (1 - scale) * priorShift) };
}

/**
 * Fits the calibration by evidence of lowest log loss. The scores are those of documents and excerpts that the model did
 * not see. It is logistic regression with a scale and a shift for each knot, by Newton's method.
 *
 * @param scores `columns` scores for each text
 * @param evidence the number of known features of each text
 * @param targets the label number of each text
 * @param documents the number of whole documents, which come first
 * @param prior the share of each label
 */
export function fitEvidenceCalibration(
  scores: Float64Array,
  columns: number,
  evidence: Uint32Array,
  targets: Uint32Array,
  documents: number,
  prior: Float64Array,
): EvidenceCalibration {
  const defaults = defaultEvidenceCalibration(prior);
  const center = [...defaults.scales, ...defaults.shifts];
  const positions = Float64Array.from(evidence, knotPosition);
  const offsets = labelOffsets(prior);
  const labels = prior.length;
  const row = new Float64Array(labels);
  const probabilities = new Float64Array(labels);

  function lossAt(parameters: readonly number[], gradient?: Float64Array, hessian?: Float64Array[]): number {
    const scales = parameters.slice(0, KNOT_COUNT);
    const shifts = parameters.slice(KNOT_COUNT);
    let loss = 0;
    for (let at = 0; at < targets.length; at += 1) {
      row.fill(0);
      row.set(scores.subarray(at * columns, (at + 1) * columns), labels - columns);
      const scale = interpolate(scales, positions[at]!);
      const shift = interpolate(shifts, positions[at]!);
      for (let label = 0; label < labels; label += 1) {
        probabilities[label] = scale * row[label]! + shift * offsets[label]!;
      }
      softmaxInPlace(probabilities);
      const target = targets[at]!;
      loss -= Math.log(Math.max(probabilities[target]!, MIN_PROBABILITY));
      if (gradient && hessian) addDerivatives(positions[at]!, target, gradient, hessian);
    }
    parameters.forEach((parameter, at) => {
      const distance = parameter - center[at]!;
      loss += 0.5 * RIDGE * distance * distance;
      if (gradient) gradient[at]! += RIDGE * distance;
      if (hessian) hessian[at]![at]! += RIDGE;
    });
    return loss;
  }

  function addDerivatives(position: number, target: number, gradient: Float64Array, hessian: Float64Array[]): void {
    let [meanScore, meanOffset, scoreSquares, products, offsetSquares] = [0, 0, 0, 0, 0];
    for (let label = 0; label < labels; label += 1) {
      const p = probabilities[label]!;
      meanScore += p * row[label]!;
      meanOffset += p * offsets[label]!;
      scoreSquares += p * row[label]! * row[label]!;
      products += p * row[label]! * offsets[label]!;
      offsetSquares += p * offsets[label]! * offsets[label]!;
    }
    const knot = Math.min(KNOT_COUNT - 2, Math.floor(position));
    const second = position - knot;
    for (const [first, share] of [
      [knot, 1 - second],
      [knot + 1, second],
    ] as const) {
      gradient[first]! += share * (meanScore - row[target]!);
      gradient[KNOT_COUNT + first]! += share * (meanOffset - offsets[target]!);
      for (const [other, otherShare] of [
        [knot, 1 - second],
        [knot + 1, second],
      ] as const) {
        const weight = share * otherShare;
        hessian[first]![other]! += weight * (scoreSquares - meanScore * meanScore);
        hessian[first]![KNOT_COUNT + other]! += weight * (products - meanScore * meanOffset);
        hessian[KNOT_COUNT + first]![other]! += weight * (products - meanScore * meanOffset);
        hessian[KNOT_COUNT + first]![KNOT_COUNT + other]! += weight * (offsetSquares - meanOffset * meanOffset);
      }
    }
  }

  let parameters: number[] = center.slice();
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration += 1) {
    const gradient = new Float64Array(PARAMETERS);
    const hessian = Array.from({ length: PARAMETERS }, () => new Float64Array(PARAMETERS));
    const loss = lossAt(parameters, gradient, hessian);
    const step = solve(hessian, gradient);
    const move = (size: number) => parameters.map((parameter, at) => parameter - size * step[at]!);
    let size = 1;
    let next = lossAt(move(size));
    while (!(next <= loss) && size > MIN_STEP_SIZE) {
      size /= 2;
      next = lossAt(move(size));
    }
    if (!(next <= loss)) break;
    parameters = move(size);
    if (loss - next < MIN_GAIN * targets.length) break;
  }
  // A negative scale would reverse the order of the labels. Such scores are no better than chance.
  return {
    scales: parameters.slice(0, KNOT_COUNT).map((scale) => Math.max(0, scale)),
    shifts: parameters.slice(KNOT_COUNT),
    typical: Math.max(1, evidence.subarray(0, documents).reduce((sum, count) => sum + count, 0) / documents),
  };
}

/** Solves a symmetric positive definite system of equations by Gaussian elimination. The arguments are overwritten. */
function solve(matrix: Float64Array[], vector: Float64Array): Float64Array {
  const size = vector.length;
  for (let pivot = 0; pivot < size; pivot += 1) {
    for (let row = pivot + 1; row < size; row += 1) {
      const factor = matrix[row]![pivot]! / matrix[pivot]![pivot]!;
      for (let column = pivot; column < size; column += 1) matrix[row]![column]! -= factor * matrix[pivot]![column]!;
      vector[row]! -= factor * vector[pivot]!;
    }
  }
  const solution = new Float64Array(size);
  for (let row = size - 1; row >= 0; row -= 1) {
    let value = vector[row]!;
    for (let column = row + 1; column < size; column += 1) value -= matrix[row]![column]! * solution[column]!;
    solution[row] = value / matrix[row]![row]!;
  }
  return solution;
}
