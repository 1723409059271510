import type { Attributes, Context, Tracer } from '@opentelemetry/api';
import type { Encoding, TimedClassification } from '../runtimes/runtime.ts';
import { ATTRIBUTE, SPAN } from '../telemetry/names.ts';

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

/**
 * Creates the spans of a classification with an encoder: first those of the linear model, if there is one, and then those of the
 * encoder, whose last step scores the embedding.
 *
 * @param epoch the milliseconds since the epoch at which the monotonic clock was 0
 */
export function recordEncoding(
  tracer: Tracer,
  { started, tokenized, scored }: TimedClassification,
  { linearScored, ...encoding }: Encoding,
  epoch: number,
  scope: Context,
): void {
  const step = (name: string, from: number, to: number, attributes = {}) =>
    tracer.startSpan(name, { startTime: epoch + from, attributes }, scope).end(epoch + to);
  if (linearScored !== undefined) {
    step(SPAN.tokenize, started, tokenized);
    step(SPAN.score, tokenized, linearScored);
  }
  step(SPAN.tokenize, encoding.tokenizeStarted, encoding.tokenized);
  step(SPAN.encode, encoding.tokenized, encoding.encoded, {
    [ATTRIBUTE.encodeBatchSize]: encoding.batchSize,
    [ATTRIBUTE.encodeWait]: encoding.waitedSeconds,
  });
  step(SPAN.score, encoding.encoded, scored);
}
