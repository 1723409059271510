import { softmaxInPlace } from '../scoring/softmax.ts';

/** A map from raw scores to calibrated log-odds: score times `scale`, plus `shift`. */
export interface Calibration {
  readonly scale: number;
  /** Added to the second label's score with two labels; 0 with more labels. */
  readonly shift: number;
}

const MAX_ITERATIONS = 50;
/** The strength of the L2 penalty. It keeps the scale finite for scores that separate the labels without an error. */
const RIDGE = 1e-3;
const MIN_STEP_SIZE = 1e-6;
/** The solver stops at an iteration that lowers the loss by less than this for each document. */
const MIN_GAIN = 1e-8;
const MIN_SCALE = 1e-6;
/** Stands for the probability 0 in a logarithm. */
const MIN_PROBABILITY = 1e-300;

/** The penalised loss at one point, with its first and second derivatives by scale and shift. */
interface LossTerms {
  loss: number;
  readonly gradient: [scale: number, shift: number];
  readonly hessian: [scaleScale: number, scaleShift: number, shiftShift: number];
}

/**
 * Fits the calibration of lowest log loss, on scores of documents that the model did not see. With two labels it is
 * Platt scaling with smoothed targets (Platt: Probabilistic outputs for support vector machines, 1999). With more
 * labels it is one temperature for all labels (Guo et al.: On calibration of modern neural networks, 2017); `scale` is
 * 1 divided by the temperature. The loss is convex: Newton's method finds its minimum, and halves a step that would
 * raise the loss.
 *
 * @param scores `columns` scores for each document
 * @param targets the label number of each document
 */
export function fitCalibration(scores: Float64Array, columns: number, targets: Uint32Array): Calibration {
  const lossAt = columns === 1 ? plattLoss(scores, targets) : temperatureLoss(scores, columns, targets);
  let [scale, shift] = [1, 0];
  let current = lossAt(scale, shift);
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration += 1) {
    const [h11, h12, h22] = current.hessian;
    const [g1, g2] = current.gradient;
    const determinant = h11 * h22 - h12 * h12;
    const scaleStep = (h22 * g1 - h12 * g2) / determinant;
    const shiftStep = (h11 * g2 - h12 * g1) / determinant;
    let stepSize = 1;
    let next = lossAt(scale - scaleStep, shift - shiftStep);
    while (!(next.loss <= current.loss) && stepSize > MIN_STEP_SIZE) {
      stepSize /= 2;
      next = lossAt(scale - stepSize * scaleStep, shift - stepSize * shiftStep);
    }
    if (!(next.loss <= current.loss)) break;
    const gain = current.loss - next.loss;
    scale -= stepSize * scaleStep;
    shift -= stepSize * shiftStep;
    current = next;
    if (gain < MIN_GAIN * targets.length) break;
  }
  // A scale of 0 or less would reverse the order of the labels. Such scores are no better than chance.
  return scale > MIN_SCALE ? { scale, shift } : { scale: 1, shift: 0 };
}

function penaltyTerms(scale: number, shift: number): LossTerms {
  return {
    loss: 0.5 * RIDGE * (scale * scale + shift * shift),
    gradient: [RIDGE * scale, RIDGE * shift],
    hessian: [RIDGE, 0, RIDGE],
  };
}

function plattLoss(scores: Float64Array, targets: Uint32Array) {
  const positives = targets.reduce((sum, target) => sum + target, 0);
  // Platt's smoothed targets, t+ and t-.
  const positiveTarget = (positives + 1) / (positives + 2);
  const negativeTarget = 1 / (targets.length - positives + 2);
  return (scale: number, shift: number): LossTerms => {
    const terms = penaltyTerms(scale, shift);
    for (let at = 0; at < targets.length; at += 1) {
      const score = scores[at]!;
      const logOdds = scale * score + shift;
      const target = targets[at] === 1 ? positiveTarget : negativeTarget;
      const p = 1 / (1 + Math.exp(-logOdds));
      const variance = p * (1 - p);
      terms.loss += Math.max(logOdds, 0) - target * logOdds + Math.log1p(Math.exp(-Math.abs(logOdds)));
      terms.gradient[0] += (p - target) * score;
      terms.gradient[1] += p - target;
      terms.hessian[0] += variance * score * score;
      terms.hessian[1] += variance * score;
      terms.hessian[2] += variance;
    }
    return terms;
  };
}

function temperatureLoss(scores: Float64Array, columns: number, targets: Uint32Array) {
  const probabilities = new Float64Array(columns);
  return (scale: number, _shift: number): LossTerms => {
    const terms = penaltyTerms(scale, 0);
    for (let at = 0; at < targets.length; at += 1) {
      const row = scores.subarray(at * columns, (at + 1) * columns);
      for (let column = 0; column < columns; column += 1) probabilities[column] = scale * row[column]!;
      softmaxInPlace(probabilities);
      let mean = 0;
      let meanSquare = 0;
      for (let column = 0; column < columns; column += 1) {
        mean += probabilities[column]! * row[column]!;
        meanSquare += probabilities[column]! * row[column]! * row[column]!;
      }
      const target = targets[at]!;
      terms.loss -= Math.log(Math.max(probabilities[target]!, MIN_PROBABILITY));
      terms.gradient[0] += mean - row[target]!;
      terms.hessian[0] += meanSquare - mean * mean;
    }
    return terms;
  };
}
