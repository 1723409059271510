import type { Table } from '../../insights/table.ts';
import type { RawPoint } from '../history/process-history.ts';
import type { NewFeedback } from '../memory/prediction-memory.ts';
import type { ProcessEvent, RowFeedback, RowFilters } from '../prediction-row.ts';
import type { OtlpResourceSpans } from '../trace-answer.ts';

/** The place up to which a worker has answered. `since` is the start of its memory. */
export interface NewsCursor {
  readonly worker: number;
  readonly since: number;
  readonly ended: number;
  readonly feedback: number;
}

/** Filters, and the models that the caller may see; all models if there are none. */
export interface Restricted {
  readonly filters: RowFilters;
  readonly models?: readonly string[] | undefined;
}

/** A question about the memory. Every worker answers it, and the answers are merged. */
export type Question =
  /** The latest rows that pass. `before` is in milliseconds since the epoch. */
  | { readonly kind: 'rows'; readonly filters: Restricted; readonly limit: number; readonly before?: number }
  /** New rows and feedback since the cursors. A worker without a cursor returns its own, and no rows. */
  | {
      readonly kind: 'news';
      readonly filters: Restricted;
      readonly limit: number;
      readonly cursors: readonly NewsCursor[];
    }
  /** The measurements of the last second. */
  | { readonly kind: 'process' }
  | { readonly kind: 'history'; readonly after: number }
  | { readonly kind: 'trace'; readonly traceId: string; readonly serviceName: string; readonly filters: Restricted }
  | { readonly kind: 'table'; readonly selection: Restricted; readonly baseline: Restricted };

/** The answer of one worker to each kind of question. */
export interface Answers {
  readonly rows: {
    /** The times of the rows in milliseconds since the epoch, latest first. */
    readonly times: readonly number[];
    /** The rows as JSON. A string crosses the border between processes faster than an object. */
    readonly rows: readonly string[];
    readonly kept: number;
    readonly total: number;
    readonly since: number;
  };
  readonly news: {
    readonly cursor: NewsCursor;
    readonly times: readonly number[];
    /** Latest first. */
    readonly rows: readonly string[];
    readonly skipped: number;
    readonly feedback: readonly { readonly id: string; readonly feedback: RowFeedback | null }[];
  };
  readonly process: { readonly worker: number; readonly point: RawPoint; readonly inFlight: number };
  readonly history: { readonly points: readonly RawPoint[]; readonly events: readonly ProcessEvent[] };
  readonly trace: {
    readonly resourceSpans: readonly OtlpResourceSpans[];
    readonly kept: number;
    readonly since: number;
  };
  readonly table: Table;
}

/** The answer of one worker to a question. */
export type AnswerTo<Q extends Question> = Answers[Q['kind']];

/** Something that every worker should know. */
export type Notice =
  | { readonly kind: 'feedback'; readonly spanId: string; readonly feedback: NewFeedback }
  | { readonly kind: 'event'; readonly event: ProcessEvent }
  /** A retraining started or ended on this machine. */
  | { readonly kind: 'retraining'; readonly job: string; readonly isRunning: boolean };

/** The other workers of this service. */
export interface OtherWorkers {
  /** Asks the other workers. Those that do not answer in time are only counted. */
  ask<Q extends Question>(question: Q): Promise<{ readonly asked: number; readonly answers: readonly AnswerTo<Q>[] }>;
  notify(notice: Notice): void;
  /** Sets the functions that answer and take notice here. */
  connect(answer: (question: Question) => Promise<AnswerTo<Question>>, receive: (notice: Notice) => void): void;
}
