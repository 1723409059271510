import type { PredictionMemory } from '../memory/prediction-memory.ts';
import { ROUTES } from '../memory/recent-request.ts';
import { FLAG, KEPT, ROLES, SCRIPTS } from '../memory/row-columns.ts';
import { anomaliesOf, charactersOf, feedbackOf, idOf, traceIdOf, versionOf } from './read-row.ts';

/** A filter field whose values are words. A row can have several values, as of `anomaly`. */
interface WordField {
  readonly kind: 'word';
  /** The allowed values, if they are known. */
  readonly allowed?: readonly string[];
  readonly read: (memory: PredictionMemory, slot: number) => string | readonly string[] | null | undefined;
}

/** A filter field whose values are numbers. */
interface NumberField {
  readonly kind: 'number';
  /** Returns NaN if the row has no value. */
  readonly read: (memory: PredictionMemory, slot: number) => number;
}

const word = (read: WordField['read'], allowed?: readonly string[]): WordField => ({
  kind: 'word',
  read,
  ...(allowed && { allowed }),
});
const number = (read: NumberField['read']): NumberField => ({ kind: 'number', read });
const flag = (bit: number) =>
  word(({ columns }, slot) => String((columns.flags[slot]! & bit) !== 0), ['true', 'false']);
const hasPrediction = ({ columns }: PredictionMemory, slot: number) => columns.label[slot] !== 0;

/** The filter fields by the name of their parameter. */
export const FILTER_FIELDS: Readonly<Record<string, WordField | NumberField>> = {
  id: word(idOf),
  traceId: word(traceIdOf),
  model: word((memory, slot) => versionOf(memory, slot).model),
  version: word((memory, slot) => versionOf(memory, slot).version),
  prediction: word(({ strings }, slot) => strings.get('label', slot)),
  route: word(({ columns }, slot) => ROUTES[columns.route[slot]!], ROUTES),
  role: word(({ columns }, slot) => ROLES[columns.role[slot]!], ['active', 'canary', 'named']),
  status: word(({ columns }, slot) => String(columns.status[slot])),
  errorType: word(({ strings }, slot) => strings.get('errorType', slot)),
  anomaly: word(({ columns }, slot) => anomaliesOf(columns.anomalies[slot]!)),
  worker: word(({ worker }) => String(worker)),
  script: word(
    ({ columns }, slot) => SCRIPTS[columns.script[slot]!],
    SCRIPTS.filter((script) => script !== null),
  ),
  kept: word(
    ({ columns }, slot) =>
      Object.entries(KEPT)
        .filter(([, bit]) => (columns.kept[slot]! & bit) !== 0)
        .map(([name]) => name),
    Object.keys(KEPT),
  ),
  label: word((memory, slot) => feedbackOf(memory, slot)?.label),
  correct: word(
    (memory, slot) => {
      const feedback = feedbackOf(memory, slot);
      return feedback && String(feedback.correct);
    },
    ['true', 'false'],
  ),
  shadow: word(({ strings }, slot) => strings.get('shadowLabel', slot)),
  review: flag(FLAG.review),
  abstained: flag(FLAG.abstained),
  synthetic: flag(FLAG.synthetic),
  batch: flag(FLAG.batch),
  retraining: flag(FLAG.retraining),
  coldVersion: flag(FLAG.coldVersion),
  requestSeconds: number(({ columns }, slot) => columns.requestSeconds[slot]!),
  tokenizeSeconds: number(({ columns }, slot) => columns.tokenizeSeconds[slot]!),
  scoreSeconds: number(({ columns }, slot) => columns.scoreSeconds[slot]!),
  confidence: number(({ columns }, slot) => columns.confidence[slot]!),
  characters: number((memory, slot) => charactersOf(memory, slot) ?? Number.NaN),
  tokens: number((memory, slot) => (hasPrediction(memory, slot) ? memory.columns.tokens[slot]! : Number.NaN)),
  unknownRatio: number(({ columns }, slot) => columns.unknownRatio[slot]!),
  eventLoopDelaySeconds: number(({ columns }, slot) => columns.eventLoopDelaySeconds[slot]!),
  gcSeconds: number(({ columns }, slot) => columns.gcSeconds[slot]!),
  inFlight: number(({ columns }, slot) => columns.inFlight[slot]!),
};

/** The value that stands for a missing one. */
export const NOT_SET = 'not set';
