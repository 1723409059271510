import { type HashIndex, hashesInOrder } from '../text/hash-index.ts';
import { type DocumentCollector, documentFrequencies } from './document-matrix.ts';
import { encodeIdf } from './tf-idf.ts';

/** The features that are kept, and where each collected feature went. */
export interface Vocabulary {
  /** New column of each collected word feature, or -1. */
  readonly wordColumns: Int32Array;
  readonly characterColumns: Int32Array;
  readonly wordHashes: Int32Array;
  readonly characterHashes: Int32Array;
  readonly idfCodes: Uint8Array;
}

/** Keeps what occurs in enough documents: what one document alone has teaches nothing about the next. */
export function selectVocabulary(
  collector: DocumentCollector,
  words: HashIndex,
  characters: HashIndex,
  leastDocuments: number,
): Vocabulary {
  const documents = collector.lengths.length;
  const frequencies = documentFrequencies(collector, words.size, characters.size);
  const wordPart = keepFrequent(frequencies.words, hashesInOrder(words), leastDocuments, 0);
  const characterPart = keepFrequent(
    frequencies.characters,
    hashesInOrder(characters),
    leastDocuments,
    wordPart.hashes.length,
  );
  const idfCodes = Uint8Array.from([...wordPart.frequencies, ...characterPart.frequencies], (frequency) =>
    encodeIdf(documents, frequency),
  );
  return {
    wordColumns: wordPart.columns,
    characterColumns: characterPart.columns,
    wordHashes: wordPart.hashes,
    characterHashes: characterPart.hashes,
    idfCodes,
  };
}

function keepFrequent(frequencies: Uint32Array, hashes: Int32Array, least: number, firstColumn: number) {
  const kept: number[] = [];
  for (let feature = 0; feature < frequencies.length; feature += 1) {
    if (frequencies[feature]! >= least) kept.push(feature);
  }
  // Frequent features side by side: a text then reads few cache lines of the weights.
  kept.sort((a, b) => frequencies[b]! - frequencies[a]! || a - b);
  const columns = new Int32Array(frequencies.length).fill(-1);
  kept.forEach((feature, at) => {
    columns[feature] = firstColumn + at;
  });
  return {
    columns,
    hashes: Int32Array.from(kept, (feature) => hashes[feature]!),
    frequencies: kept.map((feature) => frequencies[feature]!),
  };
}
