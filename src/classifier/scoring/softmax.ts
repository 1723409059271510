/**
 * Turns scores into probabilities, in place: exp(score) divided by the sum over all scores. It subtracts the largest
 * score first, so that no exponential overflows (Goodfellow, Bengio, Courville: Deep Learning, 2016, section 4.1).
 */
export function softmaxInPlace(scores: Float64Array): void {
  let highest = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < scores.length; at += 1) highest = Math.max(highest, scores[at]!);
  let sum = 0;
  for (let at = 0; at < scores.length; at += 1) {
    const power = Math.exp(scores[at]! - highest);
    scores[at] = power;
    sum += power;
  }
  for (let at = 0; at < scores.length; at += 1) scores[at]! /= sum;
}
