import { ANOMALY_REASONS } from '../../classifier/statistics/anomalies.ts';
import { detectScript } from './detect-script.ts';
import { readHex } from './hexadecimal.ts';
import type { NewRow, RecentRequest } from './recent-request.ts';
import { createColumns, FLAG, ID_BYTES, ROLES, SOURCES } from './row-columns.ts';
import { RowStrings } from './row-strings.ts';
import { RowTexts } from './row-texts.ts';
import { endOf, SLOTS, SlotStore } from './slot-store.ts';

/** The number of first texts of a version in this process that count as cold, and of versions that are counted. */
const COLD_TEXTS = 1_000;
const MAX_COUNTED_VERSIONS = 1_000;

/** The place of the span id in the bytes of a prediction id. The trace id is before it, at 1. */
const SPAN_AT = 17;

/** Options of the memory. */
export interface MemoryOptions {
  /** The start of the memory, in milliseconds since the epoch. */
  readonly since: number;
  /** The number of this worker. */
  readonly worker: number;
  readonly captureText: boolean;
}

/** The label that feedback gave for a prediction; `undefined` if the feedback was erased. */
export type NewFeedback = { readonly label: string; readonly source: 'truth' | 'review' | 'report' } | undefined;

/**
 * Remembers the latest predictions of this process, before sampling, and longer those that are slow, failed, anomalous or
 * wrong. A row is a slot of typed arrays: adding one allocates nothing. Objects are made when somebody asks.
 */
export class PredictionMemory {
  readonly since: number;
  readonly worker: number;
  readonly columns = createColumns(SLOTS);
  readonly strings = new RowStrings(this.columns);
  readonly texts: RowTexts | undefined;
  readonly store: SlotStore;
  /** The state of the process that new rows record: requests in progress, those with a batch, and retrainings. */
  readonly state = { inFlight: 0, batches: 0, retrainings: 0 };
  readonly #ids = Buffer.from(this.columns.id.buffer);
  readonly #textCounts = new Map<string, number>();

  constructor({ since, worker, captureText }: MemoryOptions) {
    this.since = since;
    this.worker = worker;
    this.texts = captureText ? new RowTexts() : undefined;
    this.store = new SlotStore(this.columns, this.texts);
  }

  /**
   * Adds a prediction, unless its request has ended because another text failed.
   *
   * @param epoch the milliseconds since the epoch at which the monotonic clock was 0
   * @returns the sequence of the row; 0 without a row
   */
  add(request: RecentRequest, row: NewRow, epoch: number): number {
    if (request.isEnded) return 0;
    if (row.index > 0 && !request.isBatch) {
      request.isBatch = true;
      this.state.batches += 1;
    }
    const slot = this.#take(request, epoch);
    const { columns, strings } = this;
    const { anomalies, reference } = row;
    columns.waitSeconds[slot] = (row.started - request.started) / 1000;
    columns.tokenizeSeconds[slot] = (row.tokenized - row.started) / 1000;
    columns.scoreSeconds[slot] = (row.scored - row.tokenized) / 1000;
    columns.confidence[slot] = row.confidence;
    columns.unknownRatio[slot] = row.unknownRatio;
    columns.characters[slot] = row.text.length;
    columns.tokens[slot] = row.tokens;
    columns.span[2 * slot] = readNumber(row.id, SPAN_AT);
    columns.span[2 * slot + 1] = readNumber(row.id, SPAN_AT + 4);
    columns.index[slot] = row.index;
    columns.role[slot] = ROLES.indexOf(row.role);
    columns.script[slot] = detectScript(row.text);
    columns.reference[slot] = strings.add('reference', reference);
    columns.label[slot] = strings.add('label', row.label);
    columns.anomalies[slot] = anomalies.length === 0 ? 0 : bitsOf(anomalies);
    const marks =
      (row.review ? FLAG.review : 0) | (row.abstained ? FLAG.abstained : 0) | (row.synthetic ? FLAG.synthetic : 0);
    columns.flags[slot] = this.#flags(request) | marks | this.#countText(reference);
    this.store.setId(slot, row.id);
    this.texts?.set(slot, row.text);
    return this.store.total;
  }

  /**
   * Completes the rows of a request that has ended. A failed request without a row gets one.
   *
   * @param status 0 if the client disconnected before the response
   * @param now in milliseconds of the monotonic clock
   * @param epoch the time since the epoch at which that clock was 0, in milliseconds
   * @param gcSeconds the known time of garbage collections within the request
   */
  end(request: RecentRequest, status: number, now: number, epoch: number, gcSeconds: number): void {
    const isError = status < 200 || status >= 400;
    if (request.first === 0) {
      if (!isError) return;
      this.#addFailure(request, epoch);
    }
    const { columns, store } = this;
    const seconds = (now - request.started) / 1000;
    const { first, others } = request;
    const errorType = request.errorType === '' ? 0 : this.strings.add('errorType', request.errorType);
    for (let at = -1; at < (others?.length ?? 0); at += 1) {
      const slot = store.slotOf(at === -1 ? first : others![at]!);
      if (slot === -1) continue;
      columns.requestSeconds[slot] = seconds;
      columns.gcSeconds[slot] = gcSeconds;
      columns.status[slot] = status;
      columns.errorType[slot] = errorType;
      // One row stands for its request, with the time for each text. Otherwise one batch would take the place of all slow rows.
      store.end(slot, isError, at === -1 ? seconds / (1 + (others?.length ?? 0)) : 0);
    }
  }

  /** Records the label of a shadow for a row. */
  recordShadow(sequence: number, version: string, label: string): void {
    const slot = this.store.slotOf(sequence);
    if (slot === -1) return;
    this.columns.shadowVersion[slot] = this.strings.add('shadowVersion', version);
    this.columns.shadowLabel[slot] = this.strings.add('shadowLabel', label);
  }

  /**
   * Records, replaces or removes the feedback of a prediction.
   *
   * @param spanId 16 hexadecimal digits
   * @returns the slot of the row, or -1 if the memory has no such row
   */
  recordFeedback(spanId: string, feedback: NewFeedback): number {
    const slot = this.store.slotOfSpan(readHex(spanId, 0), readHex(spanId, 8));
    if (slot === -1) return -1;
    const { columns, strings } = this;
    columns.feedbackLabel[slot] = feedback ? strings.add('feedbackLabel', feedback.label) : 0;
    columns.feedbackSource[slot] = feedback ? SOURCES.indexOf(feedback.source) : 0;
    const isCorrect = columns.feedbackLabel[slot] === columns.label[slot];
    columns.flags[slot] = (columns.flags[slot]! & ~FLAG.correct) | (isCorrect ? FLAG.correct : 0);
    // The text goes with the feedback that was erased.
    if (!feedback) this.texts?.delete(slot);
    this.store.setWrong(slot, feedback !== undefined && !isCorrect);
    return slot;
  }

  /** Adds a garbage collection to the requests that ended after it began. Times are in milliseconds since the epoch. */
  recordGc(from: number, milliseconds: number): void {
    const { columns } = this;
    this.store.forEachEndedAfter(from, (slot) => {
      const overlap = Math.min(from + milliseconds, endOf(columns, slot)) - Math.max(from, columns.time[slot]!);
      if (overlap > 0) columns.gcSeconds[slot]! += overlap / 1000;
    });
  }

  /** Records a delay of the event loop for the requests that ended after a time in milliseconds since the epoch. */
  recordEventLoopDelay(from: number, seconds: number): void {
    const { eventLoopDelaySeconds } = this.columns;
    this.store.forEachEndedAfter(from, (slot) => {
      if (eventLoopDelaySeconds[slot]! < seconds) eventLoopDelaySeconds[slot] = seconds;
    });
  }

  #take(request: RecentRequest, epoch: number): number {
    const slot = this.store.take();
    const sequence = this.store.total;
    if (request.first === 0) request.first = sequence;
    else if (request.others) request.others.push(sequence);
    else request.others = [sequence];
    const { columns } = this;
    columns.time[slot] = epoch + request.started;
    columns.route[slot] = request.route;
    columns.inFlight[slot] = this.state.inFlight;
    columns.eventLoopDelaySeconds[slot] = 0;
    columns.gcSeconds[slot] = 0;
    columns.shadowLabel[slot] = 0;
    columns.feedbackLabel[slot] = 0;
    columns.serverSpan[2 * slot] = readHex(request.spanId, 0);
    columns.serverSpan[2 * slot + 1] = readHex(request.spanId, 8);
    return slot;
  }

  #addFailure(request: RecentRequest, epoch: number): void {
    const slot = this.#take(request, epoch);
    const { columns } = this;
    const { failed } = request;
    for (const column of [columns.waitSeconds, columns.tokenizeSeconds, columns.scoreSeconds])
      column[slot] = Number.NaN;
    columns.confidence[slot] = Number.NaN;
    columns.unknownRatio[slot] = Number.NaN;
    columns.characters[slot] = failed?.characters ?? 0;
    columns.reference[slot] = failed ? this.strings.add('reference', failed.reference) : 0;
    columns.role[slot] = failed ? ROLES.indexOf(failed.role) : 0;
    columns.label[slot] = 0;
    columns.script[slot] = 0;
    columns.anomalies[slot] = 0;
    columns.index[slot] = 0;
    columns.flags[slot] = this.#flags(request) | (failed?.synthetic ? FLAG.synthetic : 0);
    columns.idLength[slot] = 0;
    this.#ids.write(request.traceId, slot * ID_BYTES + 1, 16, 'hex');
    columns.span[2 * slot] = columns.serverSpan[2 * slot]!;
    columns.span[2 * slot + 1] = columns.serverSpan[2 * slot + 1]!;
  }

  #flags(request: RecentRequest): number {
    const { batches, retrainings } = this.state;
    const isBeside = batches > (request.isBatch ? 1 : 0);
    return (
      (isBeside ? FLAG.batch : 0) | (retrainings > 0 ? FLAG.retraining : 0) | (request.isBatch ? FLAG.multiple : 0)
    );
  }

  /** Counts a text of a version. Returns the flag of a cold version if it is one. */
  #countText(reference: string): number {
    const count = this.#textCounts.get(reference) ?? 0;
    if (count >= COLD_TEXTS) return 0;
    if (count === 0 && this.#textCounts.size >= MAX_COUNTED_VERSIONS) this.#textCounts.clear();
    this.#textCounts.set(reference, count + 1);
    return FLAG.coldVersion;
  }
}

function readNumber(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function bitsOf(anomalies: readonly string[]): number {
  return ANOMALY_REASONS.reduce((bits, reason, at) => (anomalies.includes(reason) ? bits | (1 << at) : bits), 0);
}
