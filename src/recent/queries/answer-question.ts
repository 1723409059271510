import type { ProcessHistory } from '../history/process-history.ts';
import type { PredictionMemory } from '../memory/prediction-memory.ts';
import { buildComparisonTable } from './comparison-table.ts';
import type { FeedbackLog } from './feedback-log.ts';
import type { Answers, AnswerTo, Question } from './questions.ts';
import { readRow } from './read-row.ts';
import { compileFilters } from './row-filters.ts';
import { buildTrace } from './trace-spans.ts';

/** The number of rows that are read before other work gets a turn. */
const ROWS_PER_TURN = 250;

/** The memory of one process. */
export interface ProcessMemory {
  readonly memory: PredictionMemory;
  readonly history: ProcessHistory;
  readonly feedbackLog: FeedbackLog;
}

/**
 * Answers a question from the memory of this process.
 *
 * @param nextTurn lets other work of the event loop run
 * @throws {FilterError} if a filter cannot be used
 */
export async function answerQuestion(
  process: ProcessMemory,
  question: Question,
  nextTurn: () => Promise<unknown>,
): Promise<AnswerTo<Question>> {
  const { memory, history } = process;
  switch (question.kind) {
    case 'rows':
      return readRows(memory, question, nextTurn);
    case 'news':
      return readNews(process, question);
    case 'process':
      return { worker: memory.worker, point: history.last(), inFlight: memory.state.inFlight };
    case 'history':
      return { points: history.pointsAfter(question.after), events: history.events() };
    case 'trace':
      return {
        resourceSpans: buildTrace(memory, question),
        kept: memory.store.slots().length,
        since: memory.since,
      };
    case 'table':
      return buildComparisonTable(memory, question.selection, question.baseline, nextTurn);
  }
}

async function readRows(
  memory: PredictionMemory,
  { filters, limit, before }: Question & { kind: 'rows' },
  nextTurn: () => Promise<unknown>,
): Promise<Answers['rows']> {
  const { columns, store, since } = memory;
  const passes = compileFilters(filters);
  const kept = store.slots();
  const chosen = kept
    .filter((slot) => (before === undefined || columns.time[slot]! < before) && passes(memory, slot))
    .map((slot) => ({ slot, sequence: columns.sequence[slot]!, time: columns.time[slot]! }))
    .toSorted((a, b) => b.time - a.time || b.sequence - a.sequence)
    .slice(0, limit);
  const times: number[] = [];
  const rows: string[] = [];
  for (const [at, { slot, sequence, time }] of chosen.entries()) {
    if (at > 0 && at % ROWS_PER_TURN === 0) await nextTurn();
    // Another row may have taken the slot in between.
    if (columns.sequence[slot] !== sequence) continue;
    times.push(time);
    rows.push(JSON.stringify(readRow(memory, slot)));
  }
  return { times, rows, kept: kept.length, total: store.total, since };
}

function readNews(
  { memory, feedbackLog }: ProcessMemory,
  { filters, limit, cursors }: Question & { kind: 'news' },
): Answers['news'] {
  const { store, worker, since } = memory;
  const cursor = { worker, since, ended: store.endedCount, feedback: feedbackLog.count };
  const last = cursors.find((known) => known.worker === worker && known.since === since);
  if (!last) return { cursor, times: [], rows: [], skipped: 0, feedback: [] };
  const passes = compileFilters(filters);
  const { slots, lost } = store.endedSince(last.ended);
  const passing = slots.filter((slot) => passes(memory, slot));
  const shown = passing.slice(-limit).toReversed();
  return {
    cursor,
    times: shown.map((slot) => memory.columns.time[slot]!),
    rows: shown.map((slot) => JSON.stringify(readRow(memory, slot))),
    skipped: lost + passing.length - shown.length,
    feedback: feedbackLog.since(last.feedback, filters.models),
  };
}
