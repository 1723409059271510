import { createFeatureCounts, type FeatureCounts } from '../features/feature-counts.ts';
import { nameFeatures } from '../features/feature-names.ts';
import { termFrequency } from '../features/tf-idf.ts';
import { createStemHasher } from '../text/stemming.ts';
import { createTokenBuffer } from '../text/token-buffer.ts';
import { createTokenizer } from '../text/tokenizers.ts';
import type { Classifier, Contribution, Scores, Tokens } from './classifier.ts';
import { createFeatureLookup } from './feature-lookup.ts';
import type { LinearModel } from './linear-model.ts';
import { buildTables, type LinearTables } from './linear-tables.ts';
import { columnsFor } from './linear-weights.ts';
import { softmaxInPlace } from './softmax.ts';

/** Name of the contribution that no feature of the text makes: what the model holds of the labels beforehand. */
export const PRIOR_CONTRIBUTION = '(prior)';

/**
 * A classifier over a trained linear model. It keeps its buffers between calls, so one text at a time.
 *
 * @param tables made of the same model
 */
export function createLinearClassifier(model: LinearModel, tables: LinearTables = buildTables(model)): Classifier {
  const { labels, features, bias, prior, weightStep } = model;
  const columns = columnsFor(labels.length);
  const first = labels.length - columns;
  const stride = columns + 1;
  const table = tables.rows;
  const wordFeatures = model.wordHashes.length;
  const words = createFeatureCounts(wordFeatures);
  const characters = createFeatureCounts(model.characterHashes.length);
  const stemHash = createStemHasher(model.stems, tables.stems);
  const lookUp = createFeatureLookup(features, { ...tables, stemHash }, { words, characters });
  const tokenizeInto = createTokenizer(features.tokenizer);
  const buffer = createTokenBuffer();
  const partial = new Float64Array(columns);
  const totals = new Float64Array(columns);

  function tokenize(text: string): Tokens {
    tokenizeInto(text, buffer);
    const unknown = lookUp(buffer);
    const count = buffer.words;
    return { count, unknownRatio: count === 0 ? 1 : unknown / count };
  }

  // Idfs stay in the steps of their codes: what they are multiplied by goes when a part is brought to unit length.

  /** 1 / length of the block's part of the text's vector; 0 where it is empty. */
  function scaleOf(block: FeatureCounts, firstFeature: number): number {
    const { touched, counts, touchedCount } = block;
    let squares = 0;
    for (let at = 0; at < touchedCount; at += 1) {
      const feature = touched[at]!;
      const value = termFrequency(counts[feature]!) * table[(firstFeature + feature) * stride]!;
      squares += value * value;
    }
    return squares > 0 ? 1 / Math.sqrt(squares) : 0;
  }

  function addOneColumn(block: FeatureCounts, firstFeature: number): void {
    const { touched, counts, touchedCount } = block;
    let squares = 0;
    let sum = 0;
    for (let at = 0; at < touchedCount; at += 1) {
      const feature = touched[at]!;
      const base = (firstFeature + feature) * 2;
      const value = termFrequency(counts[feature]!) * table[base]!;
      squares += value * value;
      sum += value * table[base + 1]!;
    }
    if (squares > 0) totals[0]! += (sum * weightStep) / Math.sqrt(squares);
  }

  function addColumns(block: FeatureCounts, firstFeature: number): void {
    const { touched, counts, touchedCount } = block;
    partial.fill(0);
    let squares = 0;
    for (let at = 0; at < touchedCount; at += 1) {
      const feature = touched[at]!;
      const base = (firstFeature + feature) * stride;
      const value = termFrequency(counts[feature]!) * table[base]!;
      squares += value * value;
      for (let column = 0; column < columns; column += 1) partial[column]! += value * table[base + 1 + column]!;
    }
    const scale = squares > 0 ? weightStep / Math.sqrt(squares) : 0;
    for (let column = 0; column < columns; column += 1) totals[column]! += scale * partial[column]!;
  }

  function score(tokens: Tokens): Scores {
    const probabilities = new Float64Array(labels.length);
    if (tokens.unknownRatio === 1) {
      probabilities.set(prior);
    } else {
      const add = columns === 1 ? addOneColumn : addColumns;
      totals.set(bias);
      add(words, 0);
      add(characters, wordFeatures);
      probabilities.set(totals, first);
      softmaxInPlace(probabilities);
    }
    const best = highest(probabilities, -1);
    return { label: labels[best]!, confidence: probabilities[best]!, probabilities };
  }

  function explain(tokens: Tokens, { probabilities }: Scores): Contribution[] {
    const best = highest(probabilities, -1);
    const second = highest(probabilities, best);
    if (tokens.unknownRatio === 1) {
      return [{ feature: PRIOR_CONTRIBUTION, weight: Math.log(prior[best]! / prior[second]!) }];
    }
    const weightOf = (base: number, label: number) =>
      label < first ? 0 : table[base + 1 + label - first]! * weightStep;
    const biasOf = (label: number) => (label < first ? 0 : bias[label - first]!);
    const names = nameFeatures(features, buffer, tables.words, tables.characters);
    const contributions = [{ feature: PRIOR_CONTRIBUTION, weight: biasOf(best) - biasOf(second) }];
    for (const [block, firstFeature, nameOf] of [
      [words, 0, names.words],
      [characters, wordFeatures, names.characters],
    ] as const) {
      const scale = scaleOf(block, firstFeature);
      for (const feature of block.touched.subarray(0, block.touchedCount)) {
        const base = (firstFeature + feature) * stride;
        const value = scale * termFrequency(block.counts[feature]!) * table[base]!;
        const weight = value * (weightOf(base, best) - weightOf(base, second));
        contributions.push({ feature: nameOf.get(feature)!, weight });
      }
    }
    return contributions.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  }

  return { labels, tokenize, score, explain };
}

function highest(numbers: Float64Array, except: number): number {
  let best = except === 0 ? 1 : 0;
  for (let at = best + 1; at < numbers.length; at += 1) {
    if (at !== except && numbers[at]! > numbers[best]!) best = at;
  }
  return best;
}
