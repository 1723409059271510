import { createStemRecorder, type StemTable } from '../text/stemming.ts';
import type { FeatureOptions, TokenizerName } from '../text/text-options.ts';
import { createTokenBuffer } from '../text/token-buffer.ts';
import { createTokenizer } from '../tokenizers/tokenizers.ts';
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
  /** The excerpts of the documents. They do not count for the vocabulary. */
  readonly excerpts: DocumentCollector;
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
): { add(text: string, excerpts?: readonly string[]): void; finish(): CountedDocuments } {
  let sample: { text: string; excerpts: readonly string[] }[] = [];
  let units = 0;
  let counting: Counting | undefined;

  function startCounting() {
    const texts = sample.map(({ text }) => text);
    const started = countWith(chooseFeatures(texts, tokenizer, dataBytes));
    for (const { text, excerpts } of sample) started.count(text, excerpts);
    sample = [];
    counting = started;
    return started;
  }

  return {
    add(text, excerpts = []) {
      if (counting !== undefined) {
        counting.count(text, excerpts);
        return;
      }
      sample.push({ text, excerpts });
      units += text.length;
      if (sample.length >= SAMPLE_DOCUMENTS || units >= SAMPLE_UNITS) startCounting();
    },
    finish() {
      return (counting ?? startCounting()).counted;
    },
  };
}

interface Counting {
  readonly counted: CountedDocuments;
  readonly count: (text: string, excerpts: readonly string[]) => void;
}

function countWith(features: FeatureOptions): Counting {
  const tokenizeInto = createTokenizer(features.tokenizer, features.normalisation);
  const { stemHash, frequentStems } = createStemRecorder();
  const buffer = createTokenBuffer();
  const words = createVocabularyCounts();
  const characters = createVocabularyCounts();
  const collector = createDocumentCollector();
  const excerptCollector = createDocumentCollector();
  const trainingWords = createTrainingWords();
  let isExcerpt = false;
  const extract = createFeatureExtractor(features, stemHash, { words, characters }, (hash) => {
    if (!isExcerpt) addWord(trainingWords, hash);
  });
  const count = (text: string, excerpts: readonly string[]) => {
    tokenizeInto(text, buffer);
    startDocument(trainingWords, buffer.wordCount);
    isExcerpt = false;
    extract(buffer);
    collectDocument(collector, words, characters);
    isExcerpt = true;
    for (const excerpt of excerpts) {
      tokenizeInto(excerpt, buffer);
      extract(buffer);
      collectDocument(excerptCollector, words, characters);
    }
  };
  return {
    counted: { features, words, characters, collector, excerpts: excerptCollector, trainingWords, frequentStems },
    count,
  };
}
