import type { Classifier } from '../classifier/scoring/classifier.ts';
import { isDeferred, type ModelClassifier, type TimedClassification } from './runtime.ts';

/** The number of texts of one caller that wait for an encoder at the same time. They are encoded together. */
export const WINDOW = 32;

/** The answers of a classifier to known texts. They are given at once, so that evaluations need no promises. */
export interface RecordedClassifier extends Classifier {
  /** Returns the time for a text in milliseconds. */
  durationOf(text: string): number;
}

/**
 * Returns a classifier that answers the texts at once. A linear model is returned as it is.
 *
 * @param window the number of texts at the same time; with 1 the durations are those of a single text
 */
export async function answerAll(
  classifier: ModelClassifier,
  texts: Iterable<string>,
  window = WINDOW,
): Promise<Classifier | RecordedClassifier> {
  if (!isDeferred(classifier)) return classifier;
  const answers = new Map<string, TimedClassification>();
  const different = [...new Set(texts)];
  await inWindow(different, window, async (text) => {
    answers.set(text, await classifier.classify(text));
  });
  const byTokens = new WeakMap<object, { text: string; answer: TimedClassification }>();
  return {
    labels: classifier.labels,
    tokenize(text) {
      const answer = answers.get(text)!;
      const tokens = { ...answer.tokens };
      byTokens.set(tokens, { text, answer });
      return tokens;
    },
    score: (tokens) => byTokens.get(tokens)!.answer.scores,
    explain: (tokens, scores) => classifier.explain(byTokens.get(tokens)!.text, scores),
    durationOf(text) {
      const { started, scored } = answers.get(text)!;
      return scored - started;
    },
  };
}

/** Does work for all items, for at most `window` of them at the same time. It ends with the first error. */
export async function inWindow<T>(
  items: readonly T[],
  window: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  let isFailed = false;
  const run = async () => {
    while (next < items.length && !isFailed) {
      const index = next;
      next += 1;
      try {
        await work(items[index]!, index);
      } catch (error) {
        isFailed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(window, items.length) }, run));
}
