import { createStemRecorder, type StemTable } from '../text/stemming.ts';
import type { FeatureOptions, TokenizerName } from '../text/text-options.ts';
import { createTokenBuffer } from '../text/token-buffer.ts';
import { createTokenizer } from '../text/tokenizers.ts';
import { chooseFeatures } from './choose-features.ts';
import { collectDocument, createDocumentCollector, type DocumentCollector } from './document-matrix.ts';
import { createFeatureExtractor } from './extract-features.ts';
import { createVocabularyCounts, type VocabularyCounts } from './feature-counts.ts';
import { addWord, createTrainingWords, startDocument, type TrainingWords } from './training-words.ts';

/** Documents counted into features. */
export interface CountedDocuments {
  readonly features: FeatureOptions;
  readonly words: VocabularyCounts;
  readonly characters: VocabularyCounts;
  readonly collector: DocumentCollector;
  readonly census: TrainingWords;
  /** Stems of the words met often. */
  frequentStems(): StemTable;
}

const sampleDocuments = 1000;
const sampleUnits = 1_000_000;

/**
 * Takes in texts one by one. The first ones wait until there are enough of them to choose the features by their script;
 * after that a text leaves nothing behind but its counts.
 */
export function createCountVectorizer(
  tokenizer: TokenizerName | 'auto',
  dataBytes?: number,
): { add(text: string): void; finish(): CountedDocuments } {
  let sample: string[] = [];
  let units = 0;
  let take: ((text: string) => void) | undefined;
  let intake: CountedDocuments | undefined;

  function begin(): void {
    const started = startIntake(chooseFeatures(sample, tokenizer, dataBytes));
    ({ take, intake } = started);
    for (const text of sample) started.take(text);
    sample = [];
  }

  return {
    add(text) {
      if (take !== undefined) {
        take(text);
        return;
      }
      sample.push(text);
      units += text.length;
      if (sample.length >= sampleDocuments || units >= sampleUnits) begin();
    },
    finish() {
      if (intake === undefined) begin();
      return intake!;
    },
  };
}

function startIntake(features: FeatureOptions): { intake: CountedDocuments; take: (text: string) => void } {
  const tokenizeInto = createTokenizer(features.tokenizer);
  const { stemHash, frequentStems } = createStemRecorder();
  const buffer = createTokenBuffer();
  const words = createVocabularyCounts();
  const characters = createVocabularyCounts();
  const collector = createDocumentCollector();
  const census = createTrainingWords();
  const extract = createFeatureExtractor(features, stemHash, { words, characters }, (hash) => addWord(census, hash));
  const take = (text: string) => {
    tokenizeInto(text, buffer);
    startDocument(census, buffer.words);
    extract(buffer);
    collectDocument(collector, words, characters);
  };
  return { intake: { features, words, characters, collector, census, frequentStems }, take };
}
