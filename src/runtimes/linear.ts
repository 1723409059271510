import type { Classifier } from '../classifier/scoring/classifier.ts';
import type { Runtime, TimedClassification } from './runtime.ts';

/** The runtime of linear models and of those of natural: synchronous, on the thread of the caller. */
export const linearRuntime: Runtime = {
  open: ({ content }) => ('tokenize' in content ? content : undefined),
};

/** Classifies a text at once, and measures the two steps. */
export function classifyNow(classifier: Classifier, text: string): TimedClassification {
  const started = performance.now();
  const tokens = classifier.tokenize(text);
  const tokenized = performance.now();
  const scores = classifier.score(tokens);
  return { tokens, scores, started, tokenized, scored: performance.now() };
}
