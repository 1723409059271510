import BayesClassifier from 'natural/lib/natural/classifiers/bayes_classifier.js';
import type { Example } from '../../src/training/read-examples.ts';
import { type Contender, median } from './contender.ts';

const trainedOn = 2_000;
const timedTexts = 100;

/** natural's own classifier, trained. Its training time grows with the square of the documents, so it learns from a part. */
export function trainNatural(train: readonly Example[]) {
  const step = Math.max(1, train.length / trainedOn);
  const part = Array.from({ length: Math.min(trainedOn, train.length) }, (_, at) => train[Math.floor(at * step)]!);
  const natural = new BayesClassifier();
  for (const { text, label } of part) natural.addDocument(text, label);
  natural.train();
  return { natural, documents: part.length };
}

/** Trains natural's own classifier and asks it. */
export function measureNatural(train: readonly Example[], test: readonly Example[]): Contender {
  const start = performance.now();
  const { natural, documents } = trainNatural(train);
  const fitSeconds = (performance.now() - start) / 1000;
  const asked = test.filter((_, at) => at % Math.ceil(test.length / timedTexts) === 0);
  const durations: number[] = [];
  let right = 0;
  for (const { text, label } of asked) {
    const before = performance.now();
    const answer = natural.classify(text);
    durations.push((performance.now() - before) / 1000);
    if (answer === label) right += 1;
  }
  return {
    name: 'natural BayesClassifier',
    accuracy: right / asked.length,
    calibrationError: null,
    fitSeconds,
    p50Seconds: median(durations),
    note: `${documents} documents, ${asked.length} answers`,
  };
}
