import { softmaxInPlace } from './softmax-regression.ts';

/** Turns raw scores into log-odds that mean what they say: score times `scale` plus `shift`. */
export interface Calibration {
  readonly scale: number;
  /** Two labels only; 0 otherwise. */
  readonly shift: number;
}

const rounds = 100;

/**
 * Fits the calibration on scores of documents that the model never saw. Two labels: Platt scaling (Platt: Probabilistic
 * outputs for support vector machines, 1999; with his smoothed targets). More: one temperature for all labels (Guo et
 * al.: On calibration of modern neural networks, 2017).
 *
 * @param scores `columns` scores for each document
 */
export function fitCalibration(scores: Float64Array, columns: number, targets: Uint32Array): Calibration {
  return columns === 1 ? fitPlatt(scores, targets) : { scale: fitTemperature(scores, columns, targets), shift: 0 };
}

function fitPlatt(scores: Float64Array, targets: Uint32Array): Calibration {
  const positives = targets.reduce((sum, target) => sum + target, 0);
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (targets.length - positives + 2);
  let scale = 1;
  let shift = 0;
  let loss = plattLoss(scores, targets, high, low, scale, shift);
  for (let round = 0; round < rounds; round += 1) {
    let [gScale, gShift, hScale, hShift, hBoth] = [0, 0, 1e-9, 1e-9, 0];
    for (let at = 0; at < targets.length; at += 1) {
      const p = 1 / (1 + Math.exp(-(scale * scores[at]! + shift)));
      const error = p - (targets[at] === 1 ? high : low);
      const spread = p * (1 - p);
      gScale += error * scores[at]!;
      gShift += error;
      hScale += spread * scores[at]! ** 2;
      hShift += spread;
      hBoth += spread * scores[at]!;
    }
    const determinant = hScale * hShift - hBoth * hBoth;
    if (!(determinant > 0)) break;
    const stepScale = (hShift * gScale - hBoth * gShift) / determinant;
    const stepShift = (hScale * gShift - hBoth * gScale) / determinant;
    let share = 1;
    let next = plattLoss(scores, targets, high, low, scale - stepScale, shift - stepShift);
    while (!(next <= loss) && share > 1e-6) {
      share /= 2;
      next = plattLoss(scores, targets, high, low, scale - share * stepScale, shift - share * stepShift);
    }
    if (!(next <= loss)) break;
    scale -= share * stepScale;
    shift -= share * stepShift;
    if (loss - next < 1e-10 * targets.length) break;
    loss = next;
  }
  // A scale of 0 or less would turn the model's judgement around: then the scores say nothing that can be trusted.
  return scale > 1e-6 ? { scale, shift } : { scale: 1, shift: 0 };
}

function plattLoss(
  scores: Float64Array,
  targets: Uint32Array,
  high: number,
  low: number,
  scale: number,
  shift: number,
): number {
  let loss = 0;
  for (let at = 0; at < targets.length; at += 1) {
    const z = scale * scores[at]! + shift;
    const target = targets[at] === 1 ? high : low;
    loss += Math.max(z, 0) - target * z + Math.log1p(Math.exp(-Math.abs(z)));
  }
  return loss;
}

function fitTemperature(scores: Float64Array, columns: number, targets: Uint32Array): number {
  const row = new Float64Array(columns);
  const lossAt = (logScale: number) => {
    const scale = Math.exp(logScale);
    let loss = 0;
    for (let at = 0; at < targets.length; at += 1) {
      for (let column = 0; column < columns; column += 1) row[column] = scale * scores[at * columns + column]!;
      softmaxInPlace(row);
      loss -= Math.log(Math.max(row[targets[at]!]!, 1e-300));
    }
    return loss;
  };
  return Math.exp(goldenSection(lossAt, Math.log(0.01), Math.log(100)));
}

/** Minimum of a function with one valley between two points (Kiefer: Sequential minimax search for a maximum, 1953). */
function goldenSection(valueAt: (point: number) => number, from: number, to: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [from, to];
  let [left, right] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [atLeft, atRight] = [valueAt(left), valueAt(right)];
  while (high - low > 1e-3) {
    if (atLeft <= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - ratio * (high - low);
      atLeft = valueAt(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + ratio * (high - low);
      atRight = valueAt(right);
    }
  }
  return (low + high) / 2;
}
