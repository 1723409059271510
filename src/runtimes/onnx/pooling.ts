import type { PoolingName } from '../../artefacts/encoder-manifest.ts';

/**
 * Returns the embedding of one text of a batch, with Euclidean length 1.
 *
 * @param states the embeddings of all tokens of the batch, text by text
 * @param text the number of the text in the batch
 * @param length the length of the longest text of the batch, in tokens
 * @param count the number of tokens of this text, which come first; the others are padding
 */
export function poolTokens(
  states: Float32Array,
  text: number,
  length: number,
  count: number,
  dimensions: number,
  pooling: PoolingName,
): Float32Array {
  const first = text * length * dimensions;
  const pooled = new Float64Array(dimensions);
  if (pooling === 'max') pooled.fill(Number.NEGATIVE_INFINITY);
  const used = pooling === 'cls' ? Math.min(1, count) : count;
  for (let token = 0; token < used; token += 1) {
    const base = first + token * dimensions;
    for (let at = 0; at < dimensions; at += 1) {
      const value = states[base + at]!;
      if (pooling !== 'max') pooled[at]! += value;
      else if (value > pooled[at]!) pooled[at] = value;
    }
  }
  return normalise(pooled);
}

/** Returns a vector with Euclidean length 1. The mean needs no division before, because its length does not matter. */
export function normalise(vector: Float32Array | Float64Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const scale = squares > 0 && Number.isFinite(squares) ? 1 / Math.sqrt(squares) : 0;
  return Float32Array.from(vector, (value) => (scale === 0 ? 0 : value * scale));
}
