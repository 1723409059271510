import { logChoose } from './binomial.ts';

/**
 * The evidence that something happens more often than a given share, an e-value: however often one looks, it reaches
 * 1/alpha with a probability of at most alpha where it does not. The likelihood of what happened, under every share alike, over the highest that
 * it can have up to the given share (Wasserman, Ramdas and Balakrishnan: Universal inference, 2020).
 */
export function evidenceOfShareAbove(share: number, hits: number, count: number): number {
  if (count === 0 || hits / count <= share) return 0;
  const log =
    -Math.log(count + 1) - logChoose(count, hits) - hits * Math.log(share) - (count - hits) * Math.log1p(-share);
  return Math.min(Number.MAX_VALUE, Math.exp(log));
}
