import BayesClassifier from 'natural/lib/natural/classifiers/bayes_classifier.js';
import type { Example } from '../../src/training/read-examples.ts';
import { median } from '../harness/median.ts';
import type { Contender } from './contender.ts';

const MAX_TRAINING_DOCUMENTS = 2_000;
const TIMED_TEXTS = 100;

/**
 * Trains natural's own classifier. The training time grows with the square of the number of documents, so the
 * classifier learns from a part of them.
 */
export function trainNatural(train: readonly Example[]) {
  const count = Math.min(MAX_TRAINING_DOCUMENTS, train.length);
  const step = train.length / count;
  const part = Array.from({ length: count }, (_, at) => train[Math.floor(at * step)]!);
  const natural = new BayesClassifier();
  for (const { text, label } of part) natural.addDocument(text, label);
  natural.train();
  return { natural, documents: part.length };
}

/** Trains and evaluates natural's own classifier. */
export function measureNatural(train: readonly Example[], test: readonly Example[]): Contender {
  const start = performance.now();
  const { natural, documents } = trainNatural(train);
  const fitSeconds = (performance.now() - start) / 1000;
  const sample = test.filter((_, at) => at % Math.ceil(test.length / TIMED_TEXTS) === 0);
  const durations: number[] = [];
  let correct = 0;
  for (const { text, label } of sample) {
    const before = performance.now();
    const answer = natural.classify(text);
    durations.push((performance.now() - before) / 1000);
    if (answer === label) correct += 1;
  }
  return {
    name: 'natural BayesClassifier',
    accuracy: correct / sample.length,
    calibrationError: null,
    fitSeconds,
    p50Seconds: median(durations),
    note: `${documents} documents, ${sample.length} answers`,
  };
}
