import { expect, test } from 'vitest';
import {
  addWord,
  createTrainingWords,
  leaveOneOutUnknownRatio,
  startDocument,
} from '../../../src/classifier/features/training-words.ts';
import { hashString } from '../../../src/classifier/text/hashing.ts';

test("a document's unknown ratio is what it would be had training not seen the document", () => {
  const documents = ['a a b c', 'b d', 'e e', '', 'd b a'].map((text) => text.split(' ').filter(Boolean));
  const census = createTrainingWords();
  for (const words of documents) {
    startDocument(census, words.length);
    for (const word of words) addWord(census, hashString(word));
  }
  documents.forEach((words, own) => {
    const others = new Set(documents.filter((_, at) => at !== own).flat());
    const unknown = words.filter((word) => !others.has(word)).length;
    expect(leaveOneOutUnknownRatio(census, own)).toBe(words.length === 0 ? 1 : unknown / words.length);
  });
});
