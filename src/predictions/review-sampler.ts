import { createHmac, createSecretKey } from 'node:crypto';
import { REVIEW_STEPS } from './prediction-id.ts';

/** Picks the predictions that ask for a reviewed label. */
export interface ReviewSampler {
  /**
   * Returns the share of predictions that are picked if this prediction is picked, or 0 if it is not.
   *
   * @param index the position of the text in its batch; 0 for a single text
   */
  shareOf(traceId: string, index: number): number;
}

/**
 * Creates a sampler. It picks by a keyed hash of the trace id, so all replicas agree, and a client that chooses its trace ids
 * cannot choose what is reviewed. A prediction that a small share picks is also picked by every larger share.
 *
 * @param secret the key of the prediction ids
 * @param share the share of predictions to pick, from 0 to 1
 */
export function createReviewSampler(secret: string | Uint8Array, share: number): ReviewSampler {
  // The share in an id is a multiple of this step. The exact share is the inverse of the weight of a reviewed label.
  const exactShare = Math.round(share * REVIEW_STEPS) / REVIEW_STEPS;
  if (exactShare === 0) return { shareOf: () => 0 };
  const key = createSecretKey(createHmac('sha256', secret).update('review of a prediction').digest());
  return {
    shareOf(traceId, index) {
      const hash = createHmac('sha256', key).update(traceId).update(String(index)).digest();
      return hash.readUInt32BE(0) / 2 ** 32 < exactShare ? exactShare : 0;
    },
  };
}
