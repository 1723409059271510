import type { PoolingName } from '../../artefacts/encoder-manifest.ts';
import type { RuntimePackages } from './packages.ts';

/** The output of an encoder for each text: an embedding of length 1, or the scores of a classifier. */
export type Output = 'embedding' | 'logits';

/** The files and the settings of an encoder. */
export interface EncoderSettings {
  /** The path of the model. */
  readonly model: string;
  /** The path of `tokenizer.json`. */
  readonly tokenizer: string;
  /** The path of `tokenizer_config.json`, if there is one. */
  readonly tokenizerConfig?: string | undefined;
  readonly maxTokens: number;
  readonly pooling: PoolingName;
  readonly output: Output;
}

/** The data of a thread. */
export interface EncoderThreadData extends EncoderSettings {
  readonly packages: RuntimePackages;
}

/** Texts for a thread. */
export interface EncodeRequest {
  readonly texts: readonly string[];
}

/** The times of one text in a thread, in milliseconds since the epoch with a fraction. */
export interface EncodedText {
  readonly tokens: number;
  readonly unknownTokens: number;
  readonly tokenizeStarted: number;
  readonly tokenized: number;
  readonly encoded: number;
  /** The number of texts that were encoded together. */
  readonly batchSize: number;
}

/** A message of a thread: it is ready, it has encoded texts, or it failed. */
export type EncoderMessage =
  | { readonly kind: 'ready'; readonly dimensions: number }
  /** `outputs` has the outputs of all texts, one after the other. */
  | { readonly kind: 'encoded'; readonly outputs: Float32Array<ArrayBuffer>; readonly texts: readonly EncodedText[] }
  | { readonly kind: 'failed'; readonly message: string };
