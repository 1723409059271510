import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Model } from './models/store.ts';

/**
 * Scores some texts, because the first texts of a classifier are by far the slowest and no client should wait for them.
 */
export async function warmUp({ classifier }: Model): Promise<void> {
  for (let i = 0; i < 20; i++) {
    classifier.score(classifier.tokenize('A first text, to warm up. '.repeat(20)));
    await nextTurn();
  }
}
