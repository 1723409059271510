import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';

/** The repeated reading of the models folder. */
export interface FolderPoll {
  /** Stops polling, and resolves when the running poll has ended. */
  stop(): Promise<void>;
}

/**
 * Reads the models folder again after each pause.
 *
 * @param refresh reads the folder, and serves its content
 * @param verify checks new versions without a role, and never rejects. It runs in the background, and the next poll leaves
 *   out damaged ones.
 */
export function startFolderPoll(
  refresh: () => Promise<void>,
  verify: (isStopped: () => boolean) => Promise<void>,
  log: Log,
  pauseMs: number,
): FolderPoll {
  let timer: NodeJS.Timeout | undefined;
  let polling: Promise<void> = Promise.resolve();
  let isVerifying = false;
  let lastError = '';
  let stopped = false;

  async function poll(): Promise<void> {
    try {
      await refresh();
      lastError = '';
    } catch (error) {
      const { message } = error as Error;
      // A folder that stays unreadable is logged once.
      if (message !== lastError) log.error('models folder not read', exceptionAttributes(error));
      lastError = message;
    }
    if (!stopped) scheduleNext();
  }

  async function verifyOnce(): Promise<void> {
    if (isVerifying) return;
    isVerifying = true;
    await verify(() => stopped);
    isVerifying = false;
  }

  function scheduleNext(): void {
    void verifyOnce();
    timer = setTimeout(() => {
      polling = poll();
    }, pauseMs).unref();
  }

  scheduleNext();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await polling;
    },
  };
}
