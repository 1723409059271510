import { expect, test } from 'vitest';
import {
  addWord,
  createTrainingWords,
  leaveOneOutUnknownRatio,
  startDocument,
} from '../../../src/classifier/features/training-words.ts';
import { hashString } from '../../../src/classifier/text/hashing.ts';

test("a document's unknown ratio is the share of its words that no other document has", () => {
  const documents = ['a a b c', 'b d', 'e e', '', 'd b a'].map((text) => text.split(' ').filter(Boolean));
  const trainingWords = createTrainingWords();
  for (const words of documents) {
    startDocument(trainingWords, words.length);
    for (const word of words) addWord(trainingWords, hashString(word));
  }
  documents.forEach((words, document) => {
    const otherWords = new Set(documents.filter((_, at) => at !== document).flat());
    const unknown = words.filter((word) => !otherWords.has(word)).length;
    expect(leaveOneOutUnknownRatio(trainingWords, document)).toBe(words.length === 0 ? 1 : unknown / words.length);
  });
});
