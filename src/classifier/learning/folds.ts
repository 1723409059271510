import { createRandom, shuffle } from './random.ts';

/**
 * Divides documents into folds of about equal size, with each label spread over all folds (stratified). Documents with
 * the same key get the same fold: otherwise a model would already know the copies of a document that it is tested on.
 *
 * @param targets the label number of each document
 * @param keys a hash of each document's content
 * @returns the fold of each document, 0 to `foldCount` - 1
 */
export function assignFolds(targets: Uint32Array, keys: Int32Array, foldCount: number, seed: number): Uint8Array {
  const order = Uint32Array.from(targets, (_, row) => row);
  shuffle(order, createRandom(seed));
  const folds = new Uint8Array(targets.length);
  const foldOfKey = new Map<number, number>();
  const nextFold = new Map<number, number>();
  for (const row of order) {
    const target = targets[row]!;
    let fold = foldOfKey.get(keys[row]!);
    if (fold === undefined) {
      // Each label starts at another fold, so that folds have equal sizes even if most labels have few documents.
      fold = (nextFold.get(target) ?? target) % foldCount;
      nextFold.set(target, fold + 1);
      foldOfKey.set(keys[row]!, fold);
    }
    folds[row] = fold;
  }
  return folds;
}
