import type { Database } from '../../postgres/database.ts';
import { REPORTER_LOCK } from '../../postgres/locks.ts';
import type { Query, SessionLock } from '../../postgres/session.ts';
import type { ExperimentStore, FeedbackMethods } from '../database/store-messages.ts';
import type { TextCipher } from '../database/text-cipher.ts';
import { createExperiments, shadowTotals } from './experiments.ts';
import { createFeedbackWrites, type FeedbackWrites } from './feedback-writes.ts';
import { createLabelQueries, totalQueries } from './label-queries.ts';

/** Feedback and experiments in PostgreSQL. All replicas use the same database. */
export interface PostgresFeedback extends FeedbackMethods, Pick<FeedbackWrites, 'recordAll'> {
  readonly experiments: ExperimentStore;
}

/**
 * Returns the feedback in a database.
 *
 * @param now returns the time in milliseconds; old rows are deleted by it
 */
export function createPostgresFeedback(database: Database, cipher: TextCipher, now: () => number): PostgresFeedback {
  const reportTotals = createReporter(database);
  return {
    ...createLabelQueries(database),
    ...createFeedbackWrites(database, cipher),
    totals: () => reportTotals(totalQueries.totals),
    confidenceTotals: () => reportTotals(totalQueries.confidenceTotals),
    experiments: { ...createExperiments(database, now), totals: () => reportTotals(shadowTotals) },
  };
}

/**
 * Returns a function that reads totals in one of all processes of the database, because metrics add up what the processes
 * report. The totals of the others are empty. The process that holds the lock reads them in the session of the lock.
 */
function createReporter(database: Database): <T>(read: (query: Query) => Promise<T[]>) => Promise<T[]> {
  let lock: SessionLock | undefined;
  let taking: Promise<SessionLock | undefined> | undefined;

  async function take(): Promise<SessionLock | undefined> {
    if (lock && !lock.isLost()) return lock;
    taking ??= database.tryLock(REPORTER_LOCK).finally(() => {
      taking = undefined;
    });
    lock = await taking;
    return lock;
  }

  return async (read) => {
    const held = await take();
    return held ? read(held.query) : [];
  };
}
