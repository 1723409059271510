import { ATTRIBUTE, SCOPE, SPAN } from '../../telemetry/names.ts';
import { writeHex } from '../memory/hexadecimal.ts';
import type { PredictionMemory } from '../memory/prediction-memory.ts';
import { FLAG, ID_BYTES } from '../memory/row-columns.ts';
import type { PredictionRow } from '../prediction-row.ts';
import type { OtlpAttribute, OtlpResourceSpans, OtlpSpan } from '../trace-answer.ts';
import type { Question } from './questions.ts';
import { readRow, spanIdOf } from './read-row.ts';
import { compileFilters } from './row-filters.ts';

const INTERNAL = 1;
const SERVER = 2;
const ERROR = 2;

/** Returns the slots of the rows of a trace. @param traceId 32 hexadecimal digits */
function slotsOfTrace({ columns, store }: PredictionMemory, traceId: string): number[] {
  const wanted = Buffer.from(traceId, 'hex');
  const ids = Buffer.from(columns.id.buffer);
  return store.slots().filter((slot) => ids.compare(wanted, 0, 16, slot * ID_BYTES + 1, slot * ID_BYTES + 17) === 0);
}

/** Builds the spans of a trace from its rows, as the service itself would have exported them. */
export function buildTrace(
  memory: PredictionMemory,
  { traceId, serviceName, filters }: Question & { kind: 'trace' },
): OtlpResourceSpans[] {
  const passes = compileFilters(filters);
  const slots = slotsOfTrace(memory, traceId).filter((slot) => passes(memory, slot));
  if (slots.length === 0) return [];
  const requests = Map.groupBy(slots, (slot) => spanIdOf(memory.columns.serverSpan, slot));
  const spans = [...requests].flatMap(([serverSpan, rows]) => buildRequest(memory, serverSpan, rows));
  const resource = { attributes: attributes({ 'service.name': serviceName, 'waymark.worker': memory.worker }) };
  return [{ resource, scopeSpans: [{ scope: { name: SCOPE }, spans }] }];
}

function buildRequest(memory: PredictionMemory, serverSpan: string, slots: readonly number[]): OtlpSpan[] {
  const { columns } = memory;
  const ordered = slots.toSorted((a, b) => columns.index[a]! - columns.index[b]!);
  const rows = ordered.map((slot) => ({ slot, row: readRow(memory, slot) }));
  const { row } = rows[0]!;
  const started = columns.time[ordered[0]!]!;
  const [method = '', route = ''] = row.route.split(' ');
  const isFailed = row.status === 0 || row.status >= 500;
  const server: OtlpSpan = {
    traceId: row.traceId,
    spanId: serverSpan,
    name: row.route,
    kind: SERVER,
    ...during(started, row.requestSeconds),
    attributes: attributes({
      'http.request.method': method,
      'http.route': route,
      ...(row.status > 0 && { 'http.response.status_code': row.status }),
      ...(row.errorType !== undefined && { [ATTRIBUTE.errorType]: row.errorType }),
      'waymark.process.in_flight': row.process.inFlight,
      'waymark.process.event_loop_delay': row.process.eventLoopDelaySeconds,
      'waymark.process.gc_duration': row.process.gcSeconds,
      'waymark.process.batch': row.process.batch,
      'waymark.process.retraining': row.process.retraining,
    }),
    ...(isFailed && { status: { code: ERROR } }),
  };
  return [server, ...rows.flatMap(({ slot, row }) => buildPrediction(memory, slot, row, server))];
}

function buildPrediction(memory: PredictionMemory, slot: number, row: PredictionRow, server: OtlpSpan): OtlpSpan[] {
  const { columns } = memory;
  if (row.prediction === null) return [];
  const started = columns.time[slot]! + columns.waitSeconds[slot]! * 1000;
  const tokenizeSeconds = columns.tokenizeSeconds[slot]!;
  const scoreSeconds = columns.scoreSeconds[slot]!;
  const classify: OtlpSpan = {
    traceId: row.traceId,
    spanId: row.spanId,
    parentSpanId: server.spanId,
    name: SPAN.classify,
    kind: INTERNAL,
    ...during(started, tokenizeSeconds + scoreSeconds),
    attributes: predictionAttributes(row),
  };
  if ((columns.flags[slot]! & FLAG.multiple) !== 0) return [classify];
  const step = (name: string, salt: number, from: number, seconds: number): OtlpSpan => ({
    traceId: row.traceId,
    // The ids of the real spans are not kept. These are unique within the trace, and always the same.
    spanId: writeHex((columns.span[2 * slot]! ^ salt) >>> 0) + writeHex(columns.span[2 * slot + 1]!),
    parentSpanId: row.spanId,
    name,
    kind: INTERNAL,
    ...during(from, seconds),
  });
  return [
    classify,
    step(SPAN.tokenize, 1, started, tokenizeSeconds),
    step(SPAN.score, 2, started + tokenizeSeconds * 1000, scoreSeconds),
  ];
}

function predictionAttributes(row: PredictionRow): OtlpAttribute[] {
  return attributes({
    [ATTRIBUTE.modelName]: row.model,
    [ATTRIBUTE.modelVersion]: row.version,
    [ATTRIBUTE.modelRole]: row.role,
    [ATTRIBUTE.predictionId]: row.id,
    [ATTRIBUTE.predictionLabel]: row.prediction,
    [ATTRIBUTE.predictionConfidence]: row.confidence,
    [ATTRIBUTE.inputCharacters]: row.characters,
    [ATTRIBUTE.inputTokens]: row.tokens,
    [ATTRIBUTE.inputUnknownRatio]: row.unknownRatio,
    ...(row.anomalies.length > 0 && { [ATTRIBUTE.anomalyReason]: row.anomalies.join() }),
    ...(row.review && { [ATTRIBUTE.predictionReview]: true }),
    ...(row.shadow && {
      [ATTRIBUTE.shadowVersion]: row.shadow.version,
      [ATTRIBUTE.shadowLabel]: row.shadow.prediction,
      [ATTRIBUTE.shadowAgrees]: row.shadow.prediction === row.prediction,
    }),
    ...(row.feedback && {
      [ATTRIBUTE.feedbackLabel]: row.feedback.label,
      [ATTRIBUTE.feedbackSource]: row.feedback.source,
      [ATTRIBUTE.feedbackCorrect]: row.feedback.correct,
    }),
    ...(row.process.coldVersion && { 'waymark.model.cold': true }),
    ...(row.text !== undefined && { [ATTRIBUTE.inputText]: row.text }),
  });
}

function attributes(values: Readonly<Record<string, string | number | boolean | null>>): OtlpAttribute[] {
  return Object.entries(values).flatMap(([key, value]): OtlpAttribute[] => {
    if (value === null) return [];
    if (typeof value === 'string') return [{ key, value: { stringValue: value } }];
    if (typeof value === 'boolean') return [{ key, value: { boolValue: value } }];
    // OTLP writes whole numbers as strings, because JSON has no 64-bit integers.
    return [{ key, value: Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value } }];
  });
}

/** @param from in milliseconds since the epoch */
function during(from: number, seconds: number) {
  return { startTimeUnixNano: toNanoseconds(from), endTimeUnixNano: toNanoseconds(from + seconds * 1000) };
}

/** The clock has microseconds at best. */
function toNanoseconds(milliseconds: number): string {
  return `${Math.round(milliseconds * 1000)}000`;
}
