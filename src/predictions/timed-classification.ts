import type { Attributes } from '@opentelemetry/api';
import type { Scores, Tokens } from '../classifier/scoring/classifier.ts';
import { ATTRIBUTE } from '../telemetry/names.ts';

/** A classification and the times of its steps, in milliseconds of `performance.now()`. */
export interface TimedClassification {
  readonly tokens: Tokens;
  readonly scores: Scores;
  readonly started: number;
  readonly tokenized: number;
  readonly scored: number;
}

/** The latency objective of a whole request. A slower prediction is logged with the durations of its steps. */
export const SLOW_SECONDS = 0.025;

/** Returns the attributes of a slow prediction that explain its time. */
export function stepAttributes(
  { tokens, started, tokenized, scored }: TimedClassification,
  characters: number,
): Attributes {
  return {
    [ATTRIBUTE.tokenizeDuration]: (tokenized - started) / 1000,
    [ATTRIBUTE.scoreDuration]: (scored - tokenized) / 1000,
    [ATTRIBUTE.inputCharacters]: characters,
    [ATTRIBUTE.inputTokens]: tokens.count,
  };
}
