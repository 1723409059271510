import { ANOMALY_REASONS } from '../../classifier/statistics/anomalies.ts';
import { writeHex } from '../memory/hexadecimal.ts';
import type { PredictionMemory } from '../memory/prediction-memory.ts';
import { ROUTES } from '../memory/recent-request.ts';
import { FLAG, ID_BYTES, KEPT, ROLES, SCRIPTS, SOURCES } from '../memory/row-columns.ts';
import type { KeptReason, PredictionRow, RowFeedback } from '../prediction-row.ts';

const KEPT_REASONS = Object.keys(KEPT) as KeptReason[];

/** Returns the trace id of a row. */
export function traceIdOf({ columns }: PredictionMemory, slot: number): string {
  const at = slot * ID_BYTES + 1;
  return Buffer.from(columns.id.buffer, at, 16).toString('hex');
}

/** Returns the version of a row as its model and version, or nulls. */
export function versionOf(
  { strings }: PredictionMemory,
  slot: number,
): { model: string | null; version: string | null } {
  const reference = strings.get('reference', slot);
  if (reference === undefined) return { model: null, version: null };
  const at = reference.indexOf('@');
  return { model: reference.slice(0, at), version: reference.slice(at + 1) };
}

/** Returns the feedback of a row, or `undefined`. */
export function feedbackOf({ columns, strings }: PredictionMemory, slot: number): RowFeedback | undefined {
  const label = strings.get('feedbackLabel', slot);
  const source = SOURCES[columns.feedbackSource[slot]!];
  if (label === undefined || !source) return undefined;
  return { label, source, correct: (columns.flags[slot]! & FLAG.correct) !== 0 };
}

/** Returns the signed id of a row, or null if its request failed. */
export function idOf({ store }: PredictionMemory, slot: number): string | null {
  const bytes = store.id(slot);
  return bytes ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url') : null;
}

/** Returns the halves of a span id as hexadecimal digits. */
export function spanIdOf(spans: Uint32Array, slot: number): string {
  return writeHex(spans[2 * slot]!) + writeHex(spans[2 * slot + 1]!);
}

/** Returns the reasons of anomalies of a row. */
export function anomaliesOf(bits: number): string[] {
  return ANOMALY_REASONS.filter((_, at) => (bits & (1 << at)) !== 0);
}

/** Returns the length of the text of a row, or null if the request failed before it was known. */
export function charactersOf({ columns }: PredictionMemory, slot: number): number | null {
  const characters = columns.characters[slot]!;
  return characters === 0 && columns.label[slot] === 0 ? null : characters;
}

/** Returns a row as an object. */
export function readRow(memory: PredictionMemory, slot: number): PredictionRow {
  const { columns, strings, worker, texts } = memory;
  const flags = columns.flags[slot]!;
  const prediction = strings.get('label', slot) ?? null;
  const errorType = strings.get('errorType', slot);
  const shadow = strings.get('shadowLabel', slot);
  const script = SCRIPTS[columns.script[slot]!];
  const feedback = feedbackOf(memory, slot);
  const text = texts?.get(slot);
  const number = (value: number | undefined) => (prediction === null ? null : value!);
  return {
    id: idOf(memory, slot),
    traceId: traceIdOf(memory, slot),
    spanId: spanIdOf(columns.span, slot),
    time: new Date(columns.time[slot]!).toISOString(),
    route: ROUTES[columns.route[slot]!]!,
    ...versionOf(memory, slot),
    role: ROLES[columns.role[slot]!]!,
    prediction,
    confidence: number(columns.confidence[slot]),
    characters: charactersOf(memory, slot),
    tokens: number(columns.tokens[slot]),
    unknownRatio: number(columns.unknownRatio[slot]),
    ...(script && { script }),
    tokenizeSeconds: number(columns.tokenizeSeconds[slot]),
    scoreSeconds: number(columns.scoreSeconds[slot]),
    requestSeconds: columns.requestSeconds[slot]!,
    status: columns.status[slot]!,
    ...(errorType !== undefined && { errorType }),
    anomalies: anomaliesOf(columns.anomalies[slot]!),
    worker,
    review: (flags & FLAG.review) !== 0,
    abstained: (flags & FLAG.abstained) !== 0,
    synthetic: (flags & FLAG.synthetic) !== 0,
    ...(shadow !== undefined && { shadow: { version: strings.get('shadowVersion', slot)!, prediction: shadow } }),
    ...(feedback && { feedback }),
    process: {
      inFlight: columns.inFlight[slot]!,
      eventLoopDelaySeconds: columns.eventLoopDelaySeconds[slot]!,
      gcSeconds: columns.gcSeconds[slot]!,
      batch: (flags & FLAG.batch) !== 0,
      retraining: (flags & FLAG.retraining) !== 0,
      coldVersion: (flags & FLAG.coldVersion) !== 0,
    },
    kept: KEPT_REASONS.filter((reason) => (columns.kept[slot]! & KEPT[reason]) !== 0),
    ...(text !== undefined && { text }),
  };
}
