import { addHash, createHashIndex, type HashIndex } from '../text/hash-index.ts';

/**
 * Every word of the training data, and for each document how many of its words no other document has: the share of
 * words that would have been unknown had this document been a new one.
 */
export interface TrainingWords {
  readonly index: HashIndex;
  /** Document in which a word was first seen. */
  owners: Int32Array;
  /** How often it occurs there; 0 once another document has it too. */
  owned: Int32Array;
  readonly words: number[];
  readonly lone: number[];
}

export function createTrainingWords(): TrainingWords {
  return { index: createHashIndex(), owners: new Int32Array(1024), owned: new Int32Array(1024), words: [], lone: [] };
}

export function startDocument(census: TrainingWords, words: number): void {
  census.words.push(words);
  census.lone.push(0);
}

/** Takes in a word of the document begun last. */
export function addWord(census: TrainingWords, hash: number): void {
  const document = census.words.length - 1;
  const known = census.index.size;
  const word = addHash(census.index, hash);
  if (word === known) {
    if (word >= census.owners.length) {
      census.owners = enlarged(census.owners);
      census.owned = enlarged(census.owned);
    }
    census.owners[word] = document;
    census.owned[word] = 1;
    census.lone[document]! += 1;
  } else if (census.owners[word] === document) {
    // A word that is shared already counts for no one.
    if (census.owned[word]! > 0) {
      census.owned[word]! += 1;
      census.lone[document]! += 1;
    }
  } else if (census.owned[word]! > 0) {
    census.lone[census.owners[word]!]! -= census.owned[word]!;
    census.owned[word] = 0;
  }
}

/** Share of a document's words that no other document has; 1 for a document without words. */
export function leaveOneOutUnknownRatio(census: TrainingWords, document: number): number {
  const words = census.words[document]!;
  return words === 0 ? 1 : census.lone[document]! / words;
}

function enlarged(array: Int32Array): Int32Array {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
