import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ProcessHistory } from '../../src/recent/history/process-history.ts';
import { RequestTracker } from '../../src/recent/history/request-tracker.ts';
import { PredictionMemory } from '../../src/recent/memory/prediction-memory.ts';
import type { NewRow, RecentRequest } from '../../src/recent/memory/recent-request.ts';
import type { PredictionRow, RowFilters } from '../../src/recent/prediction-row.ts';
import { RecentPredictions } from '../../src/recent/queries/recent-predictions.ts';

/** The epoch of the clock in these tests: the monotonic clock is 0 at this time. */
export const EPOCH = Date.parse('2026-01-01T00:00:00Z');

export function remember({ captureText = false } = {}): RecentPredictions {
  const memory = new PredictionMemory({ since: EPOCH, worker: 1, captureText });
  const history = new ProcessHistory();
  const tracker = new RequestTracker(memory, history);
  return new RecentPredictions({ memory, history, tracker, others: undefined, nextTurn: () => nextTurn() });
}

/** Returns an id with the trace id and the span id where real ids have them. */
function idBytes(traceId: string, spanId: string, length = 84): Buffer {
  const bytes = Buffer.alloc(length, 7);
  bytes[0] = 2;
  bytes.write(traceId, 1, 'hex');
  bytes.write(spanId, 17, 'hex');
  return bytes;
}

export function start(
  { tracker }: RecentPredictions,
  { at = 0, path = '/predict', traceId = randomBytes(16).toString('hex') } = {},
): RecentRequest {
  return tracker.start('POST', path, traceId, randomBytes(8).toString('hex'), at)!;
}

export function addRow(
  { memory }: RecentPredictions,
  request: RecentRequest,
  row: Partial<NewRow> & { idLength?: number; spanId?: string } = {},
): { sequence: number; spanId: string } {
  const spanId = row.spanId ?? randomBytes(8).toString('hex');
  const started = request.started + 1;
  const sequence = memory.add(
    request,
    {
      reference: 'spam@1',
      role: 'active',
      label: 'ham',
      confidence: 0.9,
      text: 'See you at the meeting',
      tokens: 5,
      unknownRatio: 0.2,
      started,
      tokenized: started + 1,
      scored: started + 3,
      anomalies: [],
      review: false,
      abstained: false,
      synthetic: false,
      index: 0,
      ...row,
      id: idBytes(request.traceId, spanId, row.idLength),
    },
    EPOCH,
  );
  return { sequence, spanId };
}

/** Adds a request with one prediction that takes `milliseconds`. */
export function predict(
  recent: RecentPredictions,
  {
    at = 0,
    milliseconds = 10,
    status = 200,
    ...row
  }: Partial<NewRow> & { at?: number; milliseconds?: number; status?: number; idLength?: number } = {},
) {
  const request = start(recent, { at });
  const added = addRow(recent, request, row);
  recent.tracker.end(request, status, at + milliseconds, EPOCH);
  return { ...added, request };
}

export async function rowsOf(
  recent: RecentPredictions,
  filters: RowFilters = {},
  limit = 20_000,
): Promise<PredictionRow[]> {
  const { answers } = await recent.ask({ kind: 'rows', filters: { filters }, limit });
  return answers.flatMap(({ rows }) => rows.map((row) => JSON.parse(row) as PredictionRow));
}
