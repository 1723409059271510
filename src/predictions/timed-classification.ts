import type { Attributes } from '@opentelemetry/api';
import type { TimedClassification } from '../runtimes/runtime.ts';
import { ATTRIBUTE } from '../telemetry/names.ts';

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
