import { createRandom, shuffle } from './random.ts';

/**
 * Divides documents into folds of about equal size, each label spread over all of them. Documents with equal keys share
 * a fold, or a copy in the training part would give the answer away.
 *
 * @param keys a hash of each document's content
 * @returns the fold of each document
 */
export function assignFolds(targets: Uint32Array, keys: Int32Array, folds: number, seed: number): Uint8Array {
  const order = Uint32Array.from(targets, (_, row) => row);
  shuffle(order, createRandom(seed));
  const result = new Uint8Array(targets.length);
  const foldOfKey = new Map<number, number>();
  const next = new Map<number, number>();
  for (const row of order) {
    const target = targets[row]!;
    let fold = foldOfKey.get(keys[row]!);
    if (fold === undefined) {
      // Starting each label elsewhere keeps the folds even when most labels have few documents.
      fold = (next.get(target) ?? target) % folds;
      next.set(target, fold + 1);
      foldOfKey.set(keys[row]!, fold);
    }
    result[row] = fold;
  }
  return result;
}
