import { createStemRecorder, type StemTable } from '../text/stemming.ts';
import type { FeatureOptions, TokenizerName } from '../text/text-options.ts';
import { createTokenBuffer } from '../text/token-buffer.ts';
import { createTokenizer } from '../text/tokenizers.ts';
import { chooseFeatures } from './choose-features.ts';
import { collectDocument, createCollector, type DocumentCollector } from './document-matrix.ts';
import { createExtractor } from './extract-features.ts';
import { createFeatureBlock, type FeatureBlock } from './feature-counts.ts';
import { beginDocument, createWordCensus, takeWord, type WordCensus } from './word-census.ts';

/** Documents counted into features. */
export interface Intake {
  readonly features: FeatureOptions;
  readonly words: FeatureBlock;
  readonly characters: FeatureBlock;
  readonly collector: DocumentCollector;
  readonly census: WordCensus;
  /** Stems of the words met often. */
  frequentStems(): StemTable;
}

const sampleDocuments = 1000;
const sampleUnits = 1_000_000;

/**
 * Takes in texts one by one. The first ones wait until there are enough of them to choose the features by their script;
 * after that a text leaves nothing behind but its counts.
 */
export function createIntake(
  tokenizer: TokenizerName | 'auto',
  dataBytes?: number,
): { add(text: string): void; finish(): Intake } {
  let sample: string[] = [];
  let units = 0;
  let take: ((text: string) => void) | undefined;
  let intake: Intake | undefined;

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

function startIntake(features: FeatureOptions): { intake: Intake; take: (text: string) => void } {
  const tokenizeInto = createTokenizer(features.tokenizer);
  const { stemHash, frequentStems } = createStemRecorder();
  const buffer = createTokenBuffer();
  const words = createFeatureBlock();
  const characters = createFeatureBlock();
  const collector = createCollector();
  const census = createWordCensus();
  const extract = createExtractor(features, stemHash, { words, characters }, (hash) => takeWord(census, hash));
  const take = (text: string) => {
    tokenizeInto(text, buffer);
    beginDocument(census, buffer.words);
    extract(buffer);
    collectDocument(collector, words, characters);
  };
  return { intake: { features, words, characters, collector, census, frequentStems }, take };
}
