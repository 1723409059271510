import { softmaxInPlace } from '../scoring/softmax.ts';

/** Turns raw scores into log-odds that mean what they say: score times `scale`, plus `shift`. */
export interface Calibration {
  readonly scale: number;
  /** Added to the second label's score where there are two labels; 0 otherwise. */
  readonly shift: number;
}

const rounds = 50;
/** Keeps the scale finite where the scores divide the labels without an error. */
const ridge = 1e-3;

interface Sums {
  loss: number;
  readonly gradient: [scale: number, shift: number];
  readonly curvature: [scale: number, both: number, shift: number];
}

/**
 * Fits the calibration by least log loss on scores of documents that the model never saw. Two labels: Platt scaling
 * (Platt: Probabilistic outputs for support vector machines, 1999; with his smoothed targets). More: one temperature for
 * all labels (Guo et al.: On calibration of modern neural networks, 2017). Newton's method with halved steps; the loss is
 * convex.
 *
 * @param scores `columns` scores for each document
 */
export function fitCalibration(scores: Float64Array, columns: number, targets: Uint32Array): Calibration {
  const sumsAt = columns === 1 ? plattSums(scores, targets) : temperatureSums(scores, columns, targets);
  let [scale, shift] = [1, 0];
  let here = sumsAt(scale, shift);
  for (let round = 0; round < rounds; round += 1) {
    const [a, b, c] = here.curvature;
    const [g, h] = here.gradient;
    const determinant = a * c - b * b;
    const stepScale = (c * g - b * h) / determinant;
    const stepShift = (a * h - b * g) / determinant;
    let share = 1;
    let there = sumsAt(scale - stepScale, shift - stepShift);
    while (!(there.loss <= here.loss) && share > 1e-6) {
      share /= 2;
      there = sumsAt(scale - share * stepScale, shift - share * stepShift);
    }
    if (!(there.loss <= here.loss)) break;
    const gain = here.loss - there.loss;
    scale -= share * stepScale;
    shift -= share * stepShift;
    here = there;
    if (gain < 1e-8 * targets.length) break;
  }
  // A scale of 0 or less would turn the model's prediction around: then its scores say nothing that can be trusted.
  return scale > 1e-6 ? { scale, shift } : { scale: 1, shift: 0 };
}

function emptySums(scale: number, shift: number): Sums {
  return {
    loss: 0.5 * ridge * (scale * scale + shift * shift),
    gradient: [ridge * scale, ridge * shift],
    curvature: [ridge, 0, ridge],
  };
}

function plattSums(scores: Float64Array, targets: Uint32Array) {
  const positives = targets.reduce((sum, target) => sum + target, 0);
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (targets.length - positives + 2);
  return (scale: number, shift: number): Sums => {
    const sums = emptySums(scale, shift);
    for (let at = 0; at < targets.length; at += 1) {
      const score = scores[at]!;
      const z = scale * score + shift;
      const wanted = targets[at] === 1 ? high : low;
      const p = 1 / (1 + Math.exp(-z));
      const spread = p * (1 - p);
      sums.loss += Math.max(z, 0) - wanted * z + Math.log1p(Math.exp(-Math.abs(z)));
      sums.gradient[0] += (p - wanted) * score;
      sums.gradient[1] += p - wanted;
      sums.curvature[0] += spread * score * score;
      sums.curvature[1] += spread * score;
      sums.curvature[2] += spread;
    }
    return sums;
  };
}

function temperatureSums(scores: Float64Array, columns: number, targets: Uint32Array) {
  const row = new Float64Array(columns);
  return (scale: number, _shift: number): Sums => {
    const sums = emptySums(scale, 0);
    for (let at = 0; at < targets.length; at += 1) {
      const own = scores.subarray(at * columns, (at + 1) * columns);
      for (let column = 0; column < columns; column += 1) row[column] = scale * own[column]!;
      softmaxInPlace(row);
      let mean = 0;
      let square = 0;
      for (let column = 0; column < columns; column += 1) {
        mean += row[column]! * own[column]!;
        square += row[column]! * own[column]! * own[column]!;
      }
      const target = targets[at]!;
      sums.loss -= Math.log(Math.max(row[target]!, 1e-300));
      sums.gradient[0] += mean - own[target]!;
      sums.curvature[0] += square - mean * mean;
    }
    return sums;
  };
}
