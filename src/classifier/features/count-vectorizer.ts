import { createStemRecorder, type StemTable } from '../text/stemming.ts';
import type { FeatureOptions, TokenizerName } from '../text/text-options.ts';
import { createTokenBuffer } from '../text/token-buffer.ts';
import { createTokenizer } from '../text/tokenizers.ts';
import { chooseFeatures } from './choose-features.ts';
import { collectDocument, createDocumentCollector, type DocumentCollector } from './document-matrix.ts';
import { createFeatureExtractor } from './extract-features.ts';
import { createVocabularyCounts, type VocabularyCounts } from './feature-counts.ts';
import { addWord, createTrainingWords, startDocument, type TrainingWords } from './training-words.ts';

/** The feature counts of all training documents, with the vocabulary that they make. */
export interface CountedDocuments {
  readonly features: FeatureOptions;
  readonly words: VocabularyCounts;
  readonly characters: VocabularyCounts;
  readonly collector: DocumentCollector;
  readonly trainingWords: TrainingWords;
  /** Returns the stems of frequent words. */
  frequentStems(): StemTable;
}

/** The maximum number of documents in the sample that decides the features. */
const SAMPLE_DOCUMENTS = 1000;
/** The maximum size of the sample, in UTF-16 code units. */
const SAMPLE_UNITS = 1_000_000;

/**
 * Creates a vectoriser that counts the features of texts, one text at a time. It holds the first texts back as a
 * sample, until the sample is large enough to choose the features by its script. After that it keeps only the counts of
 * a text.
 *
 * @param dataBytes size of all the data in bytes, if it is known
 */
export function createCountVectorizer(
  tokenizer: TokenizerName | 'auto',
  dataBytes?: number,
): { add(text: string): void; finish(): CountedDocuments } {
  let sample: string[] = [];
  let units = 0;
  let counting: { counted: CountedDocuments; count: (text: string) => void } | undefined;

  function startCounting() {
    const started = countWith(chooseFeatures(sample, tokenizer, dataBytes));
    for (const text of sample) started.count(text);
    sample = [];
    counting = started;
    return started;
  }

  return {
    add(text) {
      if (counting !== undefined) {
        counting.count(text);
        return;
      }
      sample.push(text);
      units += text.length;
      if (sample.length >= SAMPLE_DOCUMENTS || units >= SAMPLE_UNITS) startCounting();
    },
    finish() {
      return (counting ?? startCounting()).counted;
    },
  };
}

function countWith(features: FeatureOptions): { counted: CountedDocuments; count: (text: string) => void } {
  const tokenizeInto = createTokenizer(features.tokenizer, features.normalisation);
  const { stemHash, frequentStems } = createStemRecorder();
  const buffer = createTokenBuffer();
  const words = createVocabularyCounts();
  const characters = createVocabularyCounts();
  const collector = createDocumentCollector();
  const trainingWords = createTrainingWords();
  const extract = createFeatureExtractor(features, stemHash, { words, characters }, (hash) =>
    addWord(trainingWords, hash),
  );
  const count = (text: string) => {
    tokenizeInto(text, buffer);
    startDocument(trainingWords, buffer.wordCount);
    extract(buffer);
    collectDocument(collector, words, characters);
  };
  return { counted: { features, words, characters, collector, trainingWords, frequentStems }, count };
}
