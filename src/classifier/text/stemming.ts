import PorterStemmer from 'natural/lib/natural/stemmers/porter_stemmer.js';
import { addHash, createHashIndex, findHash, type HashIndex, hashesInOrder } from './hash-index.ts';
import { hashString } from './hashing.ts';

// natural's stemmer works by regular expressions, some of them quadratic in the length of the word: no English word is
// this long, so a longer one has no stem.
const longestStemmed = 32;

// One power of two, so that the oldest entry of a slot simply gives way: the cache can never outgrow it.
const slots = 1 << 15;
const none = 0;

/** Gives the hash of a word's Porter stem, from the word's own hash and its lower-case code units. */
export type StemHasher = (wordHash: number, units: Uint16Array, start: number, end: number) => number;

/** Hashes of words and of their stems, side by side. */
export interface StemTable {
  readonly words: Int32Array;
  readonly stems: Int32Array;
}

const emptyStemTable: StemTable = { words: new Int32Array(0), stems: new Int32Array(0) };

/**
 * A stem hasher with a bounded cache of its own. natural's stemmer takes microseconds a word, so a model brings a table
 * of the words that it knows, and only new words are stemmed.
 */
export function createStemHasher(
  { words: knownWords, stems: knownStems }: StemTable = emptyStemTable,
  known: HashIndex = indexOf(knownWords),
): StemHasher {
  const words = new Int32Array(slots);
  const stems = new Int32Array(slots);
  return (wordHash, units, start, end) => {
    const place = findHash(known, wordHash);
    if (place >= 0) return knownStems[place]!;
    const slot = wordHash & (slots - 1);
    if (words[slot] === wordHash && wordHash !== none) return stems[slot]!;
    const stemHash = stem(wordHash, units, start, end);
    words[slot] = wordHash;
    stems[slot] = stemHash;
    return stemHash;
  };
}

function indexOf(words: Int32Array): HashIndex {
  const index = createHashIndex(words.length);
  for (const word of words) addHash(index, word);
  return index;
}

const mostKept = 40_000;
const leastOccurrences = 3;

/** A stem hasher that stems each word once however many there are, and tells which of them are worth a table. */
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
          stems = enlarged(stems);
          occurrences = enlarged(occurrences);
        }
        stems[word] = stem(wordHash, units, start, end);
      }
      occurrences[word]! += 1;
      return stems[word]!;
    },
    frequentStems() {
      const hashes = hashesInOrder(index);
      const kept = Array.from(hashes.keys())
        .filter((word) => occurrences[word]! >= leastOccurrences)
        .sort((a, b) => occurrences[b]! - occurrences[a]! || a - b)
        .slice(0, mostKept);
      return {
        words: Int32Array.from(kept, (word) => hashes[word]!),
        stems: Int32Array.from(kept, (word) => stems[word]!),
      };
    },
  };
}

function stem(wordHash: number, units: Uint16Array, start: number, end: number): number {
  const found = porterStem(units, start, end);
  return found === undefined ? wordHash : hashString(found);
}

/** natural's Porter stem of a word of a-z; undefined where there is none to speak of. */
export function porterStem(units: Uint16Array, start: number, end: number): string | undefined {
  const length = end - start;
  if (length < 3 || length > longestStemmed) return undefined;
  for (let at = start; at < end; at += 1) {
    if (units[at]! < 0x61 || units[at]! > 0x7a) return undefined;
  }
  return PorterStemmer.stem(String.fromCharCode(...units.subarray(start, end)));
}

function enlarged(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
