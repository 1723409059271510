import PorterStemmer from 'natural/lib/natural/stemmers/porter_stemmer.js';
import { addHash, createHashIndex, enlarge, findHash, type HashIndex, hashesInOrder } from './hash-index.ts';
import { hashString } from './hashing.ts';

/**
 * The maximum length of a word that is stemmed, in code units. No English word is longer. Some regular expressions of
 * natural's stemmer take time quadratic in the length of the word.
 */
const MAX_STEMMED_LENGTH = 32;

/**
 * The number of slots of the stem cache, a power of two. A new word replaces the word in its slot, so the cache cannot
 * grow.
 */
const CACHE_SLOTS = 1 << 15;
const EMPTY_SLOT = 0;

/** The maximum number of words in the stem table of a model. */
const MAX_TABLE_WORDS = 40_000;
/** The minimum number of occurrences in the training data of a word in the stem table. */
const MIN_OCCURRENCES = 3;

/** A function that returns the hash of a word's Porter stem, from the word's hash and its lower-case code units. */
export type StemHasher = (wordHash: number, units: Uint16Array, start: number, end: number) => number;

/** Two parallel arrays: hashes of words, and hashes of their stems. */
export interface StemTable {
  readonly words: Int32Array;
  readonly stems: Int32Array;
}

const emptyStemTable: StemTable = { words: new Int32Array(0), stems: new Int32Array(0) };

/**
 * Creates a stem hasher with a bounded cache of its own. natural's stemmer takes microseconds for a word, so a model
 * brings a table of frequent words, and only other words are stemmed.
 *
 * @param index the numbers of the table's words, in the order of the table
 */
export function createStemHasher(
  { words: tableWords, stems: tableStems }: StemTable = emptyStemTable,
  index: HashIndex = indexHashes(tableWords),
): StemHasher {
  const words = new Int32Array(CACHE_SLOTS);
  const stems = new Int32Array(CACHE_SLOTS);
  return (wordHash, units, start, end) => {
    const number = findHash(index, wordHash);
    if (number >= 0) return tableStems[number]!;
    const slot = wordHash & (CACHE_SLOTS - 1);
    if (words[slot] === wordHash && wordHash !== EMPTY_SLOT) return stems[slot]!;
    const stemHash = hashStem(wordHash, units, start, end);
    words[slot] = wordHash;
    stems[slot] = stemHash;
    return stemHash;
  };
}

function indexHashes(hashes: Int32Array): HashIndex {
  const index = createHashIndex(hashes.length);
  for (const hash of hashes) addHash(index, hash);
  return index;
}

/**
 * Creates a stem hasher for training. It stems each word once, without a limit on their number. `frequentStems` returns
 * the stem table for the model: the most frequent words first.
 */
export function createStemRecorder(): { stemHash: StemHasher; frequentStems(): StemTable } {
  const index = createHashIndex();
  let stems = new Int32Array(1024);
  let occurrences = new Int32Array(1024);
  return {
    stemHash(wordHash, units, start, end) {
      const known = index.size;
      const word = addHash(index, wordHash);
      if (word === known) {
        if (word >= stems.length) {
          stems = enlarge(stems);
          occurrences = enlarge(occurrences);
        }
        stems[word] = hashStem(wordHash, units, start, end);
      }
      occurrences[word]! += 1;
      return stems[word]!;
    },
    frequentStems() {
      const hashes = hashesInOrder(index);
      const kept = Array.from(hashes.keys())
        .filter((word) => occurrences[word]! >= MIN_OCCURRENCES)
        .sort((a, b) => occurrences[b]! - occurrences[a]! || a - b)
        .slice(0, MAX_TABLE_WORDS);
      return {
        words: Int32Array.from(kept, (word) => hashes[word]!),
        stems: Int32Array.from(kept, (word) => stems[word]!),
      };
    },
  };
}

function hashStem(wordHash: number, units: Uint16Array, start: number, end: number): number {
  const stem = porterStem(units, start, end);
  return stem === undefined ? wordHash : hashString(stem);
}

/**
 * Returns the stem of a word by natural's Porter stemmer. Returns undefined for words that are not stemmed: words
 * shorter than 3 or longer than 32 code units, and words with other letters than a-z.
 */
export function porterStem(units: Uint16Array, start: number, end: number): string | undefined {
  const length = end - start;
  if (length < 3 || length > MAX_STEMMED_LENGTH) return undefined;
  for (let at = start; at < end; at += 1) {
    if (units[at]! < 0x61 || units[at]! > 0x7a) return undefined;
  }
  return PorterStemmer.stem(String.fromCharCode(...units.subarray(start, end)));
}
