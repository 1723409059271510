import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Model } from './models/store.ts';
import { isDeferred } from './runtimes/runtime.ts';

const ROUNDS = 20;
/** The rounds for a classifier on another thread: each one takes milliseconds, and only its session has to be warm. */
const DEFERRED_ROUNDS = 3;
const TEXT = 'A first text, to warm up. ';

/**
 * Scores some texts, because the first texts of a classifier are by far the slowest and no client should wait for them.
 */
export async function warmUp({ classifier }: Model): Promise<void> {
  if (isDeferred(classifier)) {
    // An endpoint is warm or not without us, and may cost money. If it is down, the version is still loaded.
    if (classifier.isRemote) return;
    for (let round = 0; round < DEFERRED_ROUNDS; round++) await classifier.classify(TEXT.repeat(round * 3 + 1));
    return;
  }
  for (let i = 0; i < ROUNDS; i++) {
    classifier.score(classifier.tokenize(TEXT.repeat(20)));
    await nextTurn();
  }
}
