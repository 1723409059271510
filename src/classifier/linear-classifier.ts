import type { Classifier, Contribution, Scores, Tokens } from './classifier.ts';
import { createExtractor } from './extract.ts';
import { clearBlock, countKnown, createFeatureBlock, type FeatureBlock } from './feature-block.ts';
import { addHash, createHashIndex, findHash, type HashIndex } from './hash-index.ts';
import type { LinearModel } from './linear-model.ts';
import { columnsFor } from './linear-weights.ts';
import { softmaxInPlace } from './softmax-regression.ts';
import { createTokenBuffer } from './token-buffer.ts';
import { createTokenizer } from './tokenizers.ts';
import { decodeIdf, termFrequency } from './weighting.ts';

/** Name of the contribution that no feature of the text makes: what the labels' sizes alone say. */
export const priorContribution = '(prior)';

/** A classifier over a trained linear model. It keeps its buffers between calls, so one text at a time. */
export function createLinearClassifier(model: LinearModel): Classifier {
  const { labels, weights, bias, prior } = model;
  const columns = columnsFor(labels.length);
  const idf = decodeIdf(model.idfCodes);
  const words = createFeatureBlock(indexOf(model.wordHashes));
  const characters = createFeatureBlock(indexOf(model.characterHashes));
  const otherWords = indexOf(model.otherWords);
  const wordFeatures = model.wordHashes.length;
  const tokenizeInto = createTokenizer(model.features.tokenizer);
  const extract = createExtractor(model.features);
  const buffer = createTokenBuffer();
  const partial = new Float64Array(columns);
  const totals = new Float64Array(columns);
  let unknown = 0;
  const onWord = (hash: number, feature: number) => {
    if (feature < 0 && findHash(otherWords, hash) < 0) unknown += 1;
  };

  function tokenize(text: string): Tokens {
    clearBlock(words);
    clearBlock(characters);
    unknown = 0;
    tokenizeInto(text, buffer);
    extract(buffer, words, characters, countKnown, onWord);
    const count = buffer.words;
    return { count, unknownRatio: count === 0 ? 1 : unknown / count };
  }

  function addBlock(block: FeatureBlock, firstFeature: number): void {
    const { touched, counts, touchedCount } = block;
    partial.fill(0);
    let squares = 0;
    for (let at = 0; at < touchedCount; at += 1) {
      const feature = touched[at]!;
      const value = termFrequency(counts[feature]!) * idf[firstFeature + feature]!;
      squares += value * value;
      const base = (firstFeature + feature) * columns;
      for (let column = 0; column < columns; column += 1) partial[column]! += value * weights[base + column]!;
    }
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let column = 0; column < columns; column += 1) totals[column]! += scale * partial[column]!;
  }

  function score(tokens: Tokens): Scores {
    const probabilities = new Float64Array(labels.length);
    if (tokens.unknownRatio === 1) {
      probabilities.set(prior);
    } else {
      totals.set(bias);
      addBlock(words, 0);
      addBlock(characters, wordFeatures);
      probabilities.set(totals, labels.length - columns);
      softmaxInPlace(probabilities);
    }
    let best = 0;
    for (let at = 1; at < probabilities.length; at += 1) if (probabilities[at]! > probabilities[best]!) best = at;
    return { label: labels[best]!, confidence: probabilities[best]!, probabilities };
  }

  function explain(_tokens: Tokens, _scores: Scores): Contribution[] {
    return [];
  }

  return { labels, tokenize, score, explain };
}

function indexOf(hashes: Int32Array): HashIndex {
  const index = createHashIndex(hashes.length);
  for (const hash of hashes) addHash(index, hash);
  return index;
}
