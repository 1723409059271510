import type { VersionContent } from '../artefacts/artefact.ts';
import type { EncoderDescription } from '../artefacts/encoder-manifest.ts';
import type { Classifier, Contribution, Scores, Tokens } from '../classifier/scoring/classifier.ts';
import type { EngineUse } from './onnx/engines.ts';
import type { Output } from './onnx/messages.ts';
import type { Remotes } from './remote/remotes.ts';

/** The work of an encoder for one text. Times are in milliseconds of `performance.now()`. */
export interface Encoding {
  /** The time when the linear model had scored; undefined if the version has none. */
  readonly linearScored?: number | undefined;
  readonly tokenizeStarted: number;
  readonly tokenized: number;
  readonly encoded: number;
  /** The number of texts that were encoded together. */
  readonly batchSize: number;
  /** The time from the request until a thread took the text. */
  readonly waitedSeconds: number;
}

/** A classification and the times of its steps, in milliseconds of `performance.now()`. */
export interface TimedClassification {
  readonly tokens: Tokens;
  readonly scores: Scores;
  readonly started: number;
  readonly tokenized: number;
  readonly scored: number;
  /** Undefined if no encoder took part. */
  readonly encoding?: Encoding;
  /** True if an endpoint classified the text. The steps are spans of their own already. */
  readonly isRemote?: true;
  /** The cost of the text at an endpoint, in the currency of its prices. */
  readonly cost?: number | undefined;
}

/** Options of a classification on another thread, or elsewhere. */
export interface DeferredOptions {
  /** Stops the wait. The promise is then rejected with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
}

/** A classifier whose work, or a part of it, runs on another thread or elsewhere. */
export interface DeferredClassifier {
  readonly labels: readonly string[];
  /** True if texts go to an endpoint, which continues the trace of the active span. */
  readonly isRemote?: true;
  /**
   * Returns a promise, except for a text that needs no other thread.
   *
   * @throws {Problem} 503 if too many texts wait, or if the text did not get its turn in time; of an endpoint also 502 and 504
   */
  classify(text: string, options?: DeferredOptions): TimedClassification | Promise<TimedClassification>;
  /**
   * Returns the contributions to the label of the scores against the second most probable label, strongest first. The
   * contribution of the encoder is one sum.
   */
  explain(text: string, scores: Scores): Contribution[];
  /** Ends the threads that no other version uses, after the texts that wait. */
  close(): void;
}

/** The classifier of a version: one that answers at once, or one that answers with a promise. */
export type ModelClassifier = Classifier | DeferredClassifier;

/** Returns whether a classifier answers with a promise. */
export function isDeferred(classifier: ModelClassifier): classifier is DeferredClassifier {
  return 'classify' in classifier;
}

/** Releases the threads of a classifier, if it has any. */
export function closeClassifier(classifier: ModelClassifier): void {
  if (isDeferred(classifier)) classifier.close();
}

/** The surroundings in which a runtime opens a version. */
export interface RuntimeContext {
  /** The name of the model. Models take turns on the threads that they share. */
  readonly name: string;
  /**
   * Opens an encoder of the models folder.
   *
   * @throws {Error} with one line if the encoder is missing or damaged, or if ONNX Runtime is not installed
   */
  openEncoder(encoder: EncoderDescription, output: Output): Promise<EngineUse>;
  /** The endpoints; undefined if texts must not go to any. */
  readonly remotes: Remotes | undefined;
}

/** An adapter for one way to run models. The predictor is the same for all of them. */
export interface Runtime {
  /** Returns the classifier of a version, or `undefined` if the version belongs to another runtime. */
  open(content: VersionContent, context: RuntimeContext): Promise<ModelClassifier> | ModelClassifier | undefined;
}
