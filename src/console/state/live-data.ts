import { type ReadonlySignal, signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type {
  PredictionRow,
  PredictionsAnswer,
  RowFeedback,
  StreamMessage,
  WorkerMeasurements,
} from '../../recent/prediction-row.ts';
import { type ApiError, readLines, request } from './api.ts';
import { toApiError } from './resource.ts';
import { token } from './token.ts';

/** The newest rows that are read at first, and the marked ones of the whole memory. */
const FIRST_ROWS = 3_000;
const MARKED_ROWS = 2_000;
/** The largest number of rows of this page. Beyond it usual ones are dropped first. */
const MAX_ROWS = 12_000;
const RETRY_MS = [1_000, 2_000, 5_000, 10_000];

const MARKED = new Set(['slow', 'error', 'anomaly', 'wrong']);

/** The content of the page Live. */
export interface LiveData {
  /** Newest first. */
  readonly rows: readonly PredictionRow[];
  readonly workers: readonly WorkerMeasurements[];
  /** Rows that the service did not send, because there were too many. */
  readonly skipped: number;
  readonly state: 'loading' | 'live' | 'paused' | 'broken';
  readonly error: ApiError | undefined;
}

const EMPTY: LiveData = { rows: [], workers: [], skipped: 0, state: 'loading', error: undefined };

/** True while the page shows what was there when somebody paused it. */
export const isPaused = signal(false);

/**
 * Reads the predictions that filters select, and follows new ones until the page is left.
 *
 * @param query the filters as a query, without a question mark
 */
export function useLiveData(query: string): ReadonlySignal<LiveData> {
  const data = useSignal<LiveData>(EMPTY);
  const paused = isPaused.value;
  const present = token.value;
  useEffect(() => {
    if (paused) {
      data.value = { ...data.peek(), state: 'paused' };
      return undefined;
    }
    const controller = new AbortController();
    const update = (change: Partial<LiveData>) => {
      if (!controller.signal.aborted) data.value = { ...data.peek(), ...change };
    };
    update({ state: 'loading' });
    void follow(query, controller.signal, update, () => data.peek());
    return () => controller.abort();
  }, [query, paused, present]);
  return data;
}

async function follow(
  query: string,
  signal: AbortSignal,
  update: (change: Partial<LiveData>) => void,
  present: () => LiveData,
): Promise<void> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    // The stream begins before the first rows are read, so that no prediction comes between them. Until the rows are there,
    // those of the stream wait.
    const early: StreamMessage[] = [];
    let isRead = false;
    let problem: ApiError | undefined;
    const readRows = async () => {
      const first = await readFirst(query, signal);
      update(first);
      isRead = true;
      for (const message of early) apply(message, update, present());
    };
    const controller = new AbortController();
    const stream = AbortSignal.any([signal, controller.signal]);
    try {
      await readLines<StreamMessage>(`predictions/stream?${query}`, stream, {
        onOpen: () => {
          readRows().catch((error: unknown) => {
            problem = toApiError(error);
            controller.abort();
          });
        },
        onMessage: (message) => {
          attempt = 0;
          if (isRead) apply(message, update, present());
          else early.push(message);
        },
      });
    } catch (error) {
      if (signal.aborted) return;
      problem ??= toApiError(error);
    }
    update({ error: problem, state: 'broken' });
    // A refusal stays a refusal until the filters or the token change.
    if (problem !== undefined && problem.status >= 400 && problem.status < 500 && problem.status !== 429) return;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]));
  }
}

/** Reads the newest rows, and all marked ones, which may be older. */
async function readFirst(query: string, signal: AbortSignal): Promise<Partial<LiveData>> {
  const hasKept = new URLSearchParams(query).has('kept');
  const marked = `kept=slow&kept=error&kept=anomaly&kept=wrong&limit=${MARKED_ROWS}&${query}`;
  const [newest, older] = await Promise.all([
    request<PredictionsAnswer>(`predictions?limit=${FIRST_ROWS}&${query}`, { signal }),
    hasKept ? undefined : request<PredictionsAnswer>(`predictions?${marked}`, { signal }),
  ]);
  const rows = merge(newest.predictions, older?.predictions ?? []);
  return { rows, skipped: 0, state: 'live', error: undefined };
}

function apply(message: StreamMessage, update: (change: Partial<LiveData>) => void, data: LiveData): void {
  if (message.kind === 'process') update({ workers: message.workers });
  else if (message.kind === 'feedback') {
    const { id, feedback } = message;
    update({ rows: data.rows.map((row) => (row.id === id ? withFeedback(row, feedback) : row)) });
  } else if (message.predictions.length > 0 || message.skipped > 0) {
    update({ rows: limit(merge(message.predictions, data.rows)), skipped: data.skipped + message.skipped });
  }
}

function withFeedback(row: PredictionRow, feedback: RowFeedback | null): PredictionRow {
  const { feedback: _, ...others } = row;
  return feedback === null ? others : { ...others, feedback };
}

/** Returns the rows of both lists, newest first, each once. */
export function merge(some: readonly PredictionRow[], others: readonly PredictionRow[]): PredictionRow[] {
  const known = new Set(some.map(({ spanId }) => spanId));
  const rows = [...some, ...others.filter(({ spanId }) => !known.has(spanId))];
  return rows.sort((a, b) => (a.time < b.time ? 1 : a.time > b.time ? -1 : 0));
}

/** Drops the oldest usual rows above the limit, then the oldest of the rest. */
function limit(rows: PredictionRow[]): PredictionRow[] {
  if (rows.length <= MAX_ROWS) return rows;
  const newest = rows.slice(0, MAX_ROWS - MARKED_ROWS);
  const marked = rows.slice(MAX_ROWS - MARKED_ROWS).filter(({ kept }) => kept.some((reason) => MARKED.has(reason)));
  return [...newest, ...marked.slice(0, MARKED_ROWS)];
}
