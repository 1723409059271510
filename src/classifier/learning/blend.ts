const BLEND_RATIOS = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2];

/**
 * Chooses the ratio by which a second model's scores are added to the first model's, for the highest accuracy on
 * documents that neither model saw (stacking by a linear combination: Breiman: Stacked regressions, 1996). The hits of
 * a ratio count twice and those of its two neighbours once, so that one or two lucky documents do not decide.
 *
 * @param first `columns` scores for each document
 * @param targets the label number of each document
 */
export function chooseBlendRatio(
  first: Float64Array,
  second: Float64Array,
  columns: number,
  targets: Uint32Array,
): number {
  const hits = BLEND_RATIOS.map((ratio) => countHits(first, second, ratio, columns, targets));
  const smoothed = hits.map((own, at) => 2 * own + (hits[at - 1] ?? own) + (hits[at + 1] ?? own));
  return BLEND_RATIOS[smoothed.indexOf(Math.max(...smoothed))]!;
}

/** Returns the first scores plus `ratio` times the second scores. */
export function blendScores(first: Float64Array, second: Float64Array, ratio: number): Float64Array {
  return first.map((score, at) => score + ratio * second[at]!);
}

function countHits(
  first: Float64Array,
  second: Float64Array,
  ratio: number,
  columns: number,
  targets: Uint32Array,
): number {
  let hits = 0;
  for (let row = 0; row < targets.length; row += 1) {
    let best = 0;
    let highest = columns === 1 ? 0 : Number.NEGATIVE_INFINITY;
    for (let column = 0; column < columns; column += 1) {
      const at = row * columns + column;
      const score = first[at]! + ratio * second[at]!;
      if (score <= highest) continue;
      highest = score;
      best = columns === 1 ? 1 : column;
    }
    if (best === targets[row]) hits += 1;
  }
  return hits;
}
