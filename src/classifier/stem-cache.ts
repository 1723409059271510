import PorterStemmer from 'natural/lib/natural/stemmers/porter_stemmer.js';
import { hashString } from './hashing.ts';

// natural's stemmer works by regular expressions, some of them quadratic in the length of the word: no English word is
// this long, so a longer one has no stem.
const longestStemmed = 32;

// One power of two, so that the oldest entry of a slot simply gives way: the cache can never outgrow it.
const slots = 1 << 15;
const none = 0;

/** Gives the hash of a word's Porter stem, from the word's own hash and its lower-case code units. */
export type StemHasher = (wordHash: number, units: Uint16Array, start: number, end: number) => number;

/** A stem hasher with a bounded cache of its own; only words of a-z are stemmed. */
export function createStemHasher(): StemHasher {
  const words = new Int32Array(slots);
  const stems = new Int32Array(slots);
  return (wordHash, units, start, end) => {
    const slot = wordHash & (slots - 1);
    if (words[slot] === wordHash && wordHash !== none) return stems[slot]!;
    const stem = stemOf(units, start, end);
    const stemHash = stem === undefined ? wordHash : hashString(stem);
    words[slot] = wordHash;
    stems[slot] = stemHash;
    return stemHash;
  };
}

/** natural's Porter stem of a word of a-z; undefined where there is none to speak of. */
export function stemOf(units: Uint16Array, start: number, end: number): string | undefined {
  const length = end - start;
  if (length < 3 || length > longestStemmed) return undefined;
  for (let at = start; at < end; at += 1) {
    if (units[at]! < 0x61 || units[at]! > 0x7a) return undefined;
  }
  return PorterStemmer.stem(String.fromCharCode(...units.subarray(start, end)));
}
