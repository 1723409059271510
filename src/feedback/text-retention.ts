import { createCautiousClock } from '../platform/cautious-clock.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import type { FeedbackStore } from './feedback-store.ts';

const DAY_MS = 86_400_000;
/** The time between two deletions. */
const INTERVAL_MS = 3_600_000;

/**
 * Deletes texts of feedback that are older than a number of days: at once, and every hour. Their labels stay. Also encrypts
 * the texts that are stored as they are, or with an earlier key; after a failure it tries again an hour later.
 *
 * @returns a handle that stops the deletions
 */
export function startTextRetention(
  store: Pick<FeedbackStore, 'deleteTexts' | 'encryptTexts'>,
  days: number,
  log: Log,
): { readonly stop: () => void } {
  const now = createCautiousClock();
  let isEncrypted = false;

  async function deleteOld(): Promise<void> {
    await store.deleteTexts(now() - days * DAY_MS).catch((error: unknown) => {
      log.error('feedback texts not deleted', exceptionAttributes(error));
    });
  }

  async function encryptOnce(): Promise<void> {
    if (isEncrypted) return;
    try {
      await encryptAll(store);
      isEncrypted = true;
    } catch (error) {
      log.error('feedback texts not encrypted', exceptionAttributes(error));
    }
  }

  const work = () => {
    void deleteOld();
    void encryptOnce();
  };
  work();
  const timer = setInterval(work, INTERVAL_MS).unref();
  return { stop: () => clearInterval(timer) };
}

async function encryptAll(store: Pick<FeedbackStore, 'encryptTexts'>): Promise<void> {
  let row: number | undefined = 0;
  while (row !== undefined) row = await store.encryptTexts(row);
}
