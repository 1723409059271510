const grid = [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2];

/**
 * How much of a second model's scores to add to the first's, by accuracy on documents that neither saw (stacking by
 * linear combination: Breiman: Stacked regressions, 1996). Each point of the grid is judged with its two neighbours, so
 * that a lucky document or two do not decide.
 */
export function chooseBlendRatio(
  first: Float64Array,
  second: Float64Array,
  columns: number,
  targets: Uint32Array,
): number {
  const hits = grid.map((ratio) => countHits(first, second, ratio, columns, targets));
  const smooth = hits.map((own, at) => 2 * own + (hits[at - 1] ?? own) + (hits[at + 1] ?? own));
  return grid[smooth.indexOf(Math.max(...smooth))]!;
}

/** `first` plus `ratio` times `second`. */
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
