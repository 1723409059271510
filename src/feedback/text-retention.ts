import { createCautiousClock } from '../platform/cautious-clock.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import type { FeedbackStore } from './feedback-store.ts';

const DAY_MS = 86_400_000;
/** The time between two deletions. */
const INTERVAL_MS = 3_600_000;

/**
 * Deletes texts of feedback that are older than a number of days: at once, and every hour. Their labels stay.
 *
 * @returns a handle that stops the deletions
 */
export function startTextRetention(
  store: Pick<FeedbackStore, 'deleteTexts'>,
  days: number,
  log: Log,
): { readonly stop: () => void } {
  const now = createCautiousClock();
  const deleteOld = () => {
    store.deleteTexts(now() - days * DAY_MS).catch((error: unknown) => {
      log.error('feedback texts not deleted', exceptionAttributes(error));
    });
  };
  deleteOld();
  const timer = setInterval(deleteOld, INTERVAL_MS).unref();
  return { stop: () => clearInterval(timer) };
}
