import { addHash, createHashIndex, enlarge, type HashIndex } from '../text/hash-index.ts';

/**
 * All words of the training data. They give each document its leave-one-out unknown ratio: the share of its words that
 * training would not have known without this document.
 */
export interface TrainingWords {
  readonly index: HashIndex;
  /** The first document with each word, by the number of the word. */
  firstDocuments: Int32Array;
  /** The occurrences of each word in its first document; 0 once another document has the word. */
  exclusiveCounts: Int32Array;
  /** The number of words in each document. */
  readonly wordCounts: number[];
  /** The number of words in each document that no other document has. */
  readonly exclusiveWordCounts: number[];
}

/** Creates the words of no documents. */
export function createTrainingWords(): TrainingWords {
  return {
    index: createHashIndex(),
    firstDocuments: new Int32Array(1024),
    exclusiveCounts: new Int32Array(1024),
    wordCounts: [],
    exclusiveWordCounts: [],
  };
}

/** Starts the next document, which has `wordCount` words. */
export function startDocument(trainingWords: TrainingWords, wordCount: number): void {
  trainingWords.wordCounts.push(wordCount);
  trainingWords.exclusiveWordCounts.push(0);
}

/** Adds one occurrence of a word in the latest document. */
export function addWord(trainingWords: TrainingWords, hash: number): void {
  const { index, wordCounts, exclusiveWordCounts } = trainingWords;
  const document = wordCounts.length - 1;
  const known = index.size;
  const word = addHash(index, hash);
  if (word === known) {
    if (word >= trainingWords.firstDocuments.length) {
      trainingWords.firstDocuments = enlarge(trainingWords.firstDocuments);
      trainingWords.exclusiveCounts = enlarge(trainingWords.exclusiveCounts);
    }
    trainingWords.firstDocuments[word] = document;
    trainingWords.exclusiveCounts[word] = 1;
    exclusiveWordCounts[document]! += 1;
    return;
  }
  const { firstDocuments, exclusiveCounts } = trainingWords;
  // Two documents have the word already, so it is exclusive to neither.
  if (exclusiveCounts[word] === 0) return;
  if (firstDocuments[word] === document) {
    exclusiveCounts[word]! += 1;
    exclusiveWordCounts[document]! += 1;
  } else {
    exclusiveWordCounts[firstDocuments[word]!]! -= exclusiveCounts[word]!;
    exclusiveCounts[word] = 0;
  }
}

/**
 * Returns the share of a document's words, from 0 to 1, that no other document has. Returns 1 for a document without
 * words.
 */
export function leaveOneOutUnknownRatio(trainingWords: TrainingWords, document: number): number {
  const wordCount = trainingWords.wordCounts[document]!;
  return wordCount === 0 ? 1 : trainingWords.exclusiveWordCounts[document]! / wordCount;
}
