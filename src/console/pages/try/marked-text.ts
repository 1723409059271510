import type { Contribution } from '../../state/answers.ts';

/** A part of a text, and how strongly it spoke for the predicted label (above 0) or against it (below 0). */
export interface MarkedPart {
  readonly text: string;
  readonly weight: number;
}

/** Longer texts are marked up to here. */
export const MAX_MARKED_CHARACTERS = 20_000;

const WORD = /[\p{L}\p{N}]+/gu;
/** A word may be this much longer than its stem. */
const MAX_SUFFIX = 7;
/** Shorter stems must be the whole word. */
const MIN_STEM = 3;

interface Word {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Splits a text into parts and gives each the weight of the features that it contains. Features are stems of words, runs of
 * such stems, and parts of words in brackets; a blank in brackets stands for the edge of a word. The service has only
 * hashes of its features, so the page finds the words again; a rare form of a word can be missed.
 */
export function markText(text: string, explanation: readonly Contribution[]): MarkedPart[] {
  const shown = text.slice(0, MAX_MARKED_CHARACTERS);
  const words = [...shown.matchAll(WORD)].map((match) => ({
    text: match[0].toLowerCase(),
    start: match.index,
    end: match.index + match[0].length,
  }));
  const weights = new Float64Array(shown.length);
  for (const { feature, weight } of explanation) {
    if (feature.startsWith('[')) addPartOfWord(weights, words, feature.slice(1, -1), weight);
    else if (!addWords(weights, words, feature.split(' '), weight)) addSigns(weights, shown, feature, weight);
  }
  return joinEqual(shown, weights);
}

function addWords(weights: Float64Array, words: readonly Word[], stems: readonly string[], weight: number): boolean {
  let isFound = false;
  for (let at = 0; at + stems.length <= words.length; at += 1) {
    if (!stems.every((stem, next) => hasStem(words[at + next]!.text, stem))) continue;
    isFound = true;
    for (let next = 0; next < stems.length; next += 1) add(weights, words[at + next]!, weight);
  }
  return isFound;
}

/** Returns whether a word may have a stem of Porter's algorithm, which turns a final y into i and drops endings. */
function hasStem(word: string, stem: string): boolean {
  if (word === stem) return true;
  if (stem.length < MIN_STEM || word.length > stem.length + MAX_SUFFIX) return false;
  return word.startsWith(stem) || (stem.endsWith('i') && word === `${stem.slice(0, -1)}y`);
}

/** A part of a word marks the whole word. */
function addPartOfWord(weights: Float64Array, words: readonly Word[], part: string, weight: number): void {
  if (part.trim() === '') return;
  for (const word of words) if (` ${word.text} `.includes(part.toLowerCase())) add(weights, word, weight);
}

/** Signs such as `$` or `!` are features too, and no words. */
function addSigns(weights: Float64Array, text: string, sign: string, weight: number): void {
  for (let at = text.indexOf(sign); at >= 0 && sign !== ''; at = text.indexOf(sign, at + sign.length)) {
    add(weights, { start: at, end: at + sign.length }, weight);
  }
}

function add(weights: Float64Array, { start, end }: Pick<Word, 'start' | 'end'>, weight: number): void {
  for (let at = Math.max(0, start); at < Math.min(end, weights.length); at += 1) weights[at]! += weight;
}

function joinEqual(text: string, weights: Float64Array): MarkedPart[] {
  const parts: MarkedPart[] = [];
  let start = 0;
  for (let at = 1; at <= text.length; at += 1) {
    if (at < text.length && weights[at] === weights[start]) continue;
    parts.push({ text: text.slice(start, at), weight: weights[start]! });
    start = at;
  }
  return parts;
}
