import type { Attributes } from '@opentelemetry/api';

/** The number of tokens that a language model has read and written. */
export interface TokenUsage {
  readonly input: number;
  readonly output: number;
}

/** The answer of an endpoint to one text. */
export interface RemoteAnswer {
  /** For each label the logarithm of its probability, before calibration. */
  readonly scores: Float32Array;
  /** Undefined if the endpoint does not say it. */
  readonly usage?: TokenUsage | undefined;
  /** The cost of these tokens by the prices of the version; undefined without prices. */
  readonly cost?: number | undefined;
}

/** The requests and answers of one protocol, for one model. */
export interface RemoteProtocolAdapter {
  readonly url: URL;
  /** The name of the span of a request. */
  readonly spanName: string;
  readonly attributes: Attributes;
  /** Returns the body of the request for a text. */
  bodyOf(text: string): string;
  /**
   * Reads an answer.
   *
   * @throws {Error} if it has another form than the protocol says, or a label that the model does not have
   */
  read(json: unknown): RemoteAnswer;
}

/** The share of the probability that the labels get which a model without probabilities did not choose. */
const OTHERS = 0.1;
/** Stands for a probability of 0 in a logarithm, so that a model alone never excludes a label. */
const MIN_PROBABILITY = 1e-9;

/** Returns the logarithm of each probability. */
export function toScores(probabilities: readonly number[]): Float32Array {
  return Float32Array.from(probabilities, (probability) => Math.log(Math.max(probability, MIN_PROBABILITY)));
}

/** Returns the scores for a label without its probability. The calibration makes its confidence that of the data. */
export function scoresOfLabel(labels: readonly string[], number: number): Float32Array {
  return toScores(labels.map((_, at) => (at === number ? 1 - OTHERS : OTHERS / (labels.length - 1))));
}

/** Returns the URL of a path below the address of an endpoint. The query of the address stays. */
export function urlBelow(base: string, path: string): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`;
  return url;
}
