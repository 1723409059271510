import { createFeatureCounts, type FeatureCounts } from '../features/feature-counts.ts';
import { nameFeatures } from '../features/feature-names.ts';
import { termFrequency } from '../features/tf-idf.ts';
import { createStemHasher } from '../text/stemming.ts';
import { createTokenBuffer } from '../text/token-buffer.ts';
import { createTokenizer } from '../tokenizers/tokenizers.ts';
import type { Classifier, Contribution, Scores, Tokens } from './classifier.ts';
import { type Correction, correctScores, labelOffsets } from './evidence-calibration.ts';
import { createFeatureLookup } from './feature-lookup.ts';
import type { LinearModel } from './linear-model.ts';
import { buildTables, type LinearTables } from './linear-tables.ts';
import { columnsFor } from './linear-weights.ts';
import { softmaxInPlace } from './softmax.ts';

/**
 * The name of the contribution that does not depend on the text: the bias, or the prior of a text without known words.
 */
export const PRIOR_CONTRIBUTION = '(prior)';

/**
 * Creates a classifier from a trained linear model. It reuses its buffers, so it handles one text at a time.
 *
 * A text's vector holds the TF-IDF values of its features. Its word part and its character part each have Euclidean
 * length 1. The score of a column is the bias plus the sum of values times weights, and the softmax of the scores gives
 * the probabilities.
 *
 * @param tables the lookup tables of the same model
 */
export function createLinearClassifier(model: LinearModel, tables: LinearTables = buildTables(model)): Classifier {
  const { labels, features, bias, prior, weightStep, evidence } = model;
  const offsets = labelOffsets(prior);
  const columns = columnsFor(labels.length);
  const firstLabel = labels.length - columns;
  const rowLength = columns + 1;
  const table = tables.rows;
  const wordFeatureCount = model.wordHashes.length;
  const words = createFeatureCounts(wordFeatureCount);
  const characters = createFeatureCounts(model.characterHashes.length);
  const stemHash = createStemHasher(model.stems, tables.stems);
  const lookUp = createFeatureLookup(features, { ...tables, stemHash }, { words, characters });
  const tokenizeInto = createTokenizer(features.tokenizer, features.normalisation);
  const buffer = createTokenBuffer();
  const partSums = new Float64Array(columns);
  const scores = new Float64Array(columns);
  // The correction of the latest scores.
  let correction: Correction = { scale: 1, shift: 0 };

  function tokenize(text: string): Tokens {
    tokenizeInto(text, buffer);
    const unknownWords = lookUp(buffer);
    const count = buffer.wordCount;
    return { count, unknownRatio: count === 0 ? 1 : unknownWords / count, isObfuscated: buffer.isObfuscated };
  }

  // Values use idf codes, which are 16 times the idf: scaling a part to length 1 removes the factor.

  /** Returns 1 / the Euclidean length of one part of the text's vector, or 0 for an empty part. */
  function scaleOf({ touched, counts, touchedCount }: FeatureCounts, firstFeature: number): number {
    let squares = 0;
    for (let at = 0; at < touchedCount; at += 1) {
      const feature = touched[at]!;
      const value = termFrequency(counts[feature]!) * table[(firstFeature + feature) * rowLength]!;
      squares += value * value;
    }
    return squares > 0 ? 1 / Math.sqrt(squares) : 0;
  }

  /** Adds one part of the text's vector to the score of a model with two labels. */
  function addToOneColumn({ touched, counts, touchedCount }: FeatureCounts, firstFeature: number): void {
    let squares = 0;
    let sum = 0;
    for (let at = 0; at < touchedCount; at += 1) {
      const feature = touched[at]!;
      const base = (firstFeature + feature) * 2;
      const value = termFrequency(counts[feature]!) * table[base]!;
      squares += value * value;
      sum += value * table[base + 1]!;
    }
    if (squares > 0) scores[0]! += (sum * weightStep) / Math.sqrt(squares);
  }

  /** Adds one part of the text's vector to the scores of a model with three labels or more. */
  function addToColumns({ touched, counts, touchedCount }: FeatureCounts, firstFeature: number): void {
    partSums.fill(0);
    let squares = 0;
    for (let at = 0; at < touchedCount; at += 1) {
      const feature = touched[at]!;
      const base = (firstFeature + feature) * rowLength;
      const value = termFrequency(counts[feature]!) * table[base]!;
      squares += value * value;
      for (let column = 0; column < columns; column += 1) partSums[column]! += value * table[base + 1 + column]!;
    }
    const scale = squares > 0 ? weightStep / Math.sqrt(squares) : 0;
    for (let column = 0; column < columns; column += 1) scores[column]! += scale * partSums[column]!;
  }

  function score(tokens: Tokens): Scores {
    const probabilities = new Float64Array(labels.length);
    if (evidence === undefined && tokens.unknownRatio === 1) {
      probabilities.set(prior);
    } else {
      const add = columns === 1 ? addToOneColumn : addToColumns;
      scores.set(bias);
      add(words, 0);
      add(characters, wordFeatureCount);
      probabilities.set(scores, firstLabel);
      if (evidence !== undefined) {
        correction = correctScores(probabilities, evidence, offsets, words.touchedCount + characters.touchedCount);
      }
      softmaxInPlace(probabilities);
    }
    const best = indexOfHighest(probabilities, -1);
    return { label: labels[best]!, confidence: probabilities[best]!, probabilities };
  }

  function explain(tokens: Tokens, { probabilities }: Scores): Contribution[] {
    const best = indexOfHighest(probabilities, -1);
    const second = indexOfHighest(probabilities, best);
    if (evidence === undefined && tokens.unknownRatio === 1) {
      return [{ feature: PRIOR_CONTRIBUTION, weight: Math.log(prior[best]! / prior[second]!) }];
    }
    const weightOf = (base: number, label: number) =>
      label < firstLabel ? 0 : table[base + 1 + label - firstLabel]! * weightStep;
    const biasOf = (label: number) =>
      (label < firstLabel ? 0 : bias[label - firstLabel]!) * correction.scale + correction.shift * offsets[label]!;
    const names = nameFeatures(features, buffer, tables.words, tables.characters);
    const contributions = [{ feature: PRIOR_CONTRIBUTION, weight: biasOf(best) - biasOf(second) }];
    for (const [part, firstFeature, partNames] of [
      [words, 0, names.words],
      [characters, wordFeatureCount, names.characters],
    ] as const) {
      const scale = scaleOf(part, firstFeature) * correction.scale;
      for (const feature of part.touched.subarray(0, part.touchedCount)) {
        const base = (firstFeature + feature) * rowLength;
        const value = scale * termFrequency(part.counts[feature]!) * table[base]!;
        const weight = value * (weightOf(base, best) - weightOf(base, second));
        contributions.push({ feature: partNames.get(feature)!, weight });
      }
    }
    return contributions.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  }

  return { labels, tokenize, score, explain };
}

/** Returns the index of the first highest number, without regard to the index `except`. */
function indexOfHighest(numbers: Float64Array, except: number): number {
  let best = except === 0 ? 1 : 0;
  for (let at = best + 1; at < numbers.length; at += 1) {
    if (at !== except && numbers[at]! > numbers[best]!) best = at;
  }
  return best;
}
