import { type HashIndex, hashesInOrder } from '../text/hash-index.ts';
import { type DocumentCollector, documentFrequencies } from './document-matrix.ts';
import { encodeIdf } from './tf-idf.ts';

/** The features that a model keeps. Columns number word features first, then character features. */
export interface Vocabulary {
  /** The column of each collected word feature, or -1 for a dropped one. */
  readonly wordColumns: Int32Array;
  /** The column of each collected character feature, or -1 for a dropped one. */
  readonly characterColumns: Int32Array;
  /** Hashes of the kept word features, in the order of their columns. */
  readonly wordHashes: Int32Array;
  readonly characterHashes: Int32Array;
  /** Inverse document frequency of each column, in sixteenths. */
  readonly idfCodes: Uint8Array;
}

/**
 * Keeps the features that occur in at least `minDocuments` documents. A feature of a single document teaches nothing
 * about other documents.
 */
export function selectVocabulary(
  collector: DocumentCollector,
  words: HashIndex,
  characters: HashIndex,
  minDocuments: number,
): Vocabulary {
  const documents = collector.lengths.length;
  const frequencies = documentFrequencies(collector, words.size, characters.size);
  const wordPart = keepFrequent(frequencies.words, hashesInOrder(words), minDocuments, 0);
  const characterPart = keepFrequent(
    frequencies.characters,
    hashesInOrder(characters),
    minDocuments,
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

function keepFrequent(frequencies: Uint32Array, hashes: Int32Array, minDocuments: number, firstColumn: number) {
  const kept: number[] = [];
  for (let feature = 0; feature < frequencies.length; feature += 1) {
    if (frequencies[feature]! >= minDocuments) kept.push(feature);
  }
  // Frequent features stand side by side, so that scoring a text reads few cache lines of the weights.
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
