import { type Contribution, type Scores, scoresOf } from '../classifier/scoring/classifier.ts';
import { combineProbabilities, type EncoderModel, encoderProbabilities } from '../classifier/scoring/encoder-model.ts';
import { classifyNow } from './linear.ts';
import type { Encoded, Engine } from './onnx/engine.ts';
import type { DeferredClassifier, DeferredOptions, Runtime, TimedClassification } from './runtime.ts';

/** The contribution of the encoder to an explanation. It cannot be divided among words. */
export const ENCODER_CONTRIBUTION = '(encoder)';

/** The runtime of versions with an encoder, and of imported classifiers. */
export const encoderRuntime: Runtime = {
  open({ manifest, content }, { name, openEncoder }) {
    if ('tokenize' in content || 'remote' in content || !('encoder' in manifest)) return undefined;
    const output = content.head ? 'embedding' : 'logits';
    return openEncoder(manifest.encoder, output).then(({ engine, close }) => {
      const { dimensions } = manifest.encoder;
      if (engine.dimensions === dimensions) return createEncoderClassifier(content, engine, name, close);
      close();
      throw new Error(`its encoder has outputs of ${engine.dimensions} values, not ${dimensions}`);
    });
  },
};

/**
 * Creates a classifier that uses an encoder.
 *
 * @param queue the name by which texts take turns in the engine
 * @param close releases the engine
 */
export function createEncoderClassifier(
  model: EncoderModel,
  engine: Pick<Engine, 'encode'>,
  queue: string,
  close: () => void = () => {},
): DeferredClassifier {
  const { labels, linear, combination, escalateBelow } = model;

  async function encode(
    text: string,
    first: TimedClassification | undefined,
    { signal }: DeferredOptions,
  ): Promise<TimedClassification> {
    const started = first?.started ?? performance.now();
    const encoded = await engine.encode(text, { queue, signal });
    const own = encoderProbabilities(model, encoded.output);
    const probabilities =
      first && combination ? combineProbabilities(first.scores.probabilities, own, combination) : own;
    const scores = scoresOf(labels, probabilities);
    const encoding = {
      linearScored: first?.scored,
      tokenizeStarted: encoded.tokenizeStarted,
      tokenized: encoded.tokenized,
      encoded: encoded.encoded,
      batchSize: encoded.batchSize,
      waitedSeconds: encoded.waitedSeconds,
    };
    return {
      tokens: first?.tokens ?? tokensOf(encoded),
      scores,
      started,
      tokenized: first?.tokenized ?? encoded.tokenized,
      scored: performance.now(),
      encoding,
    };
  }

  return {
    labels,
    classify(text, options = {}) {
      const first = linear && classifyNow(linear, text);
      if (first && escalateBelow !== undefined && first.scores.confidence >= escalateBelow) return first;
      return encode(text, first, options);
    },
    explain(text, scores) {
      const total = leadOf(scores);
      if (!linear) return [{ feature: ENCODER_CONTRIBUTION, weight: total }];
      // The explanation refers to the state of the latest `score` call.
      const tokens = linear.tokenize(text);
      const isLinearAlone = linear.score(tokens).probabilities.every((p, label) => p === scores.probabilities[label]);
      if (isLinearAlone) return linear.explain(tokens, scores);
      const scale = combination?.linear ?? 1;
      const words = linear.explain(tokens, scores).map(({ feature, weight }) => ({ feature, weight: scale * weight }));
      const rest = total - words.reduce((sum, { weight }) => sum + weight, 0);
      return byStrength([...words, { feature: ENCODER_CONTRIBUTION, weight: rest }]);
    },
    close,
  };
}

/** Returns the counts of the tokens of an encoded text. */
export function tokensOf({
  tokens,
  unknownTokens,
}: Pick<Encoded, 'tokens' | 'unknownTokens'>): TimedClassification['tokens'] {
  return { count: tokens, unknownRatio: tokens === 0 ? 1 : unknownTokens / tokens, isObfuscated: false };
}

/** Returns the log-odds of the most probable label against the second. */
export function leadOf({ probabilities }: Scores): number {
  const [best = 0, second = 0] = probabilities.toSorted().reverse();
  return Math.log(best / Math.max(second, Number.MIN_VALUE));
}

function byStrength(contributions: Contribution[]): Contribution[] {
  return contributions.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
}
