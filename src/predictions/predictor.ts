import { context } from '@opentelemetry/api';
import type { Contribution, Scores } from '../classifier/scoring/classifier.ts';
import type { AnsweringRole } from '../models/routing.ts';
import type { Model } from '../models/store.ts';
import { Problem } from '../platform/problems.ts';
import { createTurns } from './fair-turns.ts';
import { createFollower, type FollowerOptions, type Timed } from './prediction-telemetry.ts';

export interface Prediction {
  /** By which it can be followed. */
  readonly id: string;
  readonly model: Model;
  readonly scores: Scores;
  /** Where it was asked for. */
  readonly explanation?: readonly Contribution[];
}

export interface Predictor {
  /** Predicts the label of one text, each step in a span of its own. */
  predict(model: Model, text: string, options?: { explain?: boolean; role?: AnsweringRole }): Prediction;
  /**
   * Predicts the labels of many texts, in their order. Other work gets its turn meanwhile.
   *
   * @param options of them, `signal` stops the work: its reason is what the promise is rejected with
   */
  predictBatch(
    model: Model,
    texts: readonly string[],
    options: { signal: AbortSignal; role?: AnsweringRole },
  ): Promise<Prediction[]>;
}

export interface PredictorOptions extends FollowerOptions {
  readonly maxTextCharacters: number;
}

/** For how long a batch is worked on before others get their turn. */
const TURN_MS = 5;

/** The application: runs the classifier, and lets every run be followed. */
export function createPredictor({ maxTextCharacters, ...options }: PredictorOptions): Predictor {
  const follower = createFollower(options);
  const turns = createTurns();

  function predictOne(
    model: Model,
    text: string,
    { steps, explain, role }: { steps: boolean; explain: boolean; role: AnsweringRole },
  ): Prediction {
    const parent = context.active();
    const begun = performance.now();
    let timed: Timed;
    try {
      timed = classify(model, text);
    } catch (error) {
      follower.followFailure(model, text, begun, { parent, role });
      throw error;
    }
    const { tokens, scores } = timed;
    // Before anything else is classified: the next text takes over the buffers behind `tokens`.
    const explanation = explain ? model.classifier.explain(tokens, scores) : undefined;
    const id = follower.follow(model, text, timed, { parent, role, steps });
    return explanation ? { id, model, scores, explanation } : { id, model, scores };
  }

  function checkLength(text: string, name: string): void {
    if (text.length <= maxTextCharacters) return;
    throw new Problem(
      'text-too-long',
      `${name} has ${text.length} characters; at most ${maxTextCharacters} are allowed.`,
    );
  }

  return {
    predict(model, text, { explain = false, role = 'named' } = {}) {
      checkLength(text, '"text"');
      return predictOne(model, text, { steps: true, explain, role });
    },

    async predictBatch(model, texts, { signal, role = 'named' }) {
      for (const [at, text] of texts.entries()) checkLength(text, `"texts[${at}]"`);
      const predictions: Prediction[] = [];
      let turnEnds = Number.NEGATIVE_INFINITY;
      for (const text of texts) {
        if (performance.now() >= turnEnds) {
          await turns.next();
          signal.throwIfAborted();
          turnEnds = performance.now() + TURN_MS;
        }
        predictions.push(predictOne(model, text, { steps: false, explain: false, role }));
      }
      return predictions;
    },
  };
}

function classify({ classifier }: Model, text: string): Timed {
  const started = performance.now();
  const tokens = classifier.tokenize(text);
  const tokenized = performance.now();
  const scores = classifier.score(tokens);
  return { tokens, scores, started, tokenized, scored: performance.now() };
}
