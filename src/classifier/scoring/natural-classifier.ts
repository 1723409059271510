import PorterStemmer from 'natural/lib/natural/stemmers/porter_stemmer.js';
import type { Classifier, Contribution, Scores, Tokens } from './classifier.ts';
import { PRIOR_CONTRIBUTION } from './linear-classifier.ts';
import type { NaturalModel } from './natural-model.ts';
import { softmaxInPlace } from './softmax.ts';

/**
 * The maximum length of a word for natural's stemmer, whose time is quadratic in it: a word of 100,000 letters takes half
 * a minute. It is longer than the words of any training text, whose stems must stay those of natural.
 */
const MAX_WORD_LENGTH = 256;

/** A longer word, as natural's tokeniser finds it. */
const LONG_WORD = new RegExp(`([a-z0-9'/-]{${MAX_WORD_LENGTH}})[a-z0-9'/-]+`, 'g');

/** The name of the contribution of the sigmoid, which flattens large scores. It makes the contributions add up. */
const SATURATION_CONTRIBUTION = '(saturation)';

/**
 * Creates a classifier that gives the same results as natural: the same tokens and stems, and the same sums in the same
 * order. natural's values can underflow to 0 for every label. The logarithms here still distinguish such labels.
 */
export function createNaturalClassifier(model: NaturalModel): Classifier {
  const { labels, vocabulary, weights, prior } = model;
  const isBayes = model.algorithm === 'natural-bayes';
  const featureNumbers = new Map(vocabulary.map((feature, at) => [feature, at]));
  const sums = new Float64Array(labels.length);
  let present: number[] = [];

  function tokenize(text: string): Tokens {
    const tokens = PorterStemmer.tokenizeAndStem(withoutLongWords(text), model.keepStops);
    const found = new Set<number>();
    let unknown = 0;
    for (const token of tokens) {
      const feature = featureNumbers.get(token);
      if (feature === undefined) unknown += 1;
      else found.add(feature);
    }
    // natural adds from the last feature to the first. The order decides the last digits, and with them ties.
    present = [...found].sort((a, b) => b - a);
    return {
      count: tokens.length,
      unknownRatio: tokens.length === 0 ? 1 : unknown / tokens.length,
      isObfuscated: false,
    };
  }

  function sumOf(label: number): number {
    let sum = 0;
    for (const feature of present) sum += weights[feature * labels.length + label]!;
    return sum;
  }

  const naturalValue = (sum: number, label: number) =>
    isBayes ? prior[label]! * Math.exp(sum) : 1 / (1 + Math.exp(0 - sum));
  const logValue = (sum: number, label: number) =>
    isBayes ? Math.log(prior[label]!) + sum : Math.min(sum, 0) - Math.log1p(Math.exp(-Math.abs(sum)));

  function score(_tokens: Tokens): Scores {
    for (let label = 0; label < labels.length; label += 1) sums[label] = sumOf(label);
    const values = sums.map(naturalValue);
    const probabilities = sums.map(logValue);
    const best = indexOfHighest(values.some((value) => value > 0) ? values : probabilities);
    softmaxInPlace(probabilities);
    return { label: labels[best]!, confidence: probabilities[best]!, probabilities };
  }

  function explain(_tokens: Tokens, scores: Scores): Contribution[] {
    const best = labels.indexOf(scores.label);
    const others = scores.probabilities.map((value, at) => (at === best ? -1 : value));
    const second = indexOfHighest(others);
    const contributions = present.map((feature) => ({
      feature: vocabulary[feature]!,
      weight: weights[feature * labels.length + best]! - weights[feature * labels.length + second]!,
    }));
    const [bestSum, secondSum] = [sumOf(best), sumOf(second)];
    contributions.push({
      feature: isBayes ? PRIOR_CONTRIBUTION : SATURATION_CONTRIBUTION,
      weight: logValue(bestSum, best) - logValue(secondSum, second) - (bestSum - secondSum),
    });
    return contributions.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  }

  return { labels, tokenize, score, explain };
}

/** Returns a text in lower case with its words cut to the maximum length. */
function withoutLongWords(text: string): string {
  return text.length > MAX_WORD_LENGTH ? text.toLowerCase().replace(LONG_WORD, '$1') : text;
}

function indexOfHighest(numbers: Float64Array): number {
  return numbers.indexOf(Math.max(...numbers));
}
