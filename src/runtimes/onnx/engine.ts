import { setImmediate as nextTurn } from 'node:timers/promises';
import { Problem } from '../../platform/problems.ts';
import type { EncodedText, EncoderThreadData } from './messages.ts';
import { TextQueue, type WaitingText } from './text-queue.ts';
import { type EncodedBatch, type EncoderThread, startEncoderThread } from './thread-handle.ts';

/** The maximum number of texts for a thread at once. A longer batch would make the next text wait too long. */
const MAX_BATCH_TEXTS = 32;

/** A text that was encoded. Times are in milliseconds of `performance.now()`. */
export interface Encoded extends EncodedText {
  readonly output: Float32Array;
  /** The time until a thread took the text. */
  readonly waitedSeconds: number;
}

/** Options of one text. */
export interface EncodeOptions {
  /** The name by which texts take turns. */
  readonly queue: string;
  /** Stops the wait. The promise is then rejected with the reason of the signal. */
  readonly signal?: AbortSignal | undefined;
}

/** The limits of an engine. */
export interface EngineLimits {
  /** The number of threads, each with a session of its own. */
  readonly threads: number;
  /** The maximum number of texts that wait. */
  readonly maxWaiting: number;
  /** The longest time from the request until the text is encoded, in milliseconds. */
  readonly timeoutMs: number;
}

/** An encoder on threads of its own. Texts that arrive while the threads are busy are encoded together. */
export interface Engine {
  /** The number of values of an output. */
  readonly dimensions: number;
  /**
   * Encodes a text.
   *
   * @throws {Problem} 503 if too many texts wait, or the text is not encoded in time
   */
  encode(text: string, options: EncodeOptions): Promise<Encoded>;
  /** Ends the threads as soon as no text waits. A later text starts them again. */
  endWhenIdle(): void;
  /** Ends each thread after the batch that it encodes. Resolves when all threads have ended. */
  end(): Promise<void>;
}

interface Entry extends WaitingText {
  readonly submitted: number;
  readonly settle: (result: { encoded: Encoded } | { error: unknown }) => void;
}

/**
 * Starts an engine with one thread. Further threads start when texts wait.
 *
 * @param start starts a thread
 * @throws {Error} if the encoder cannot be opened
 */
export async function startEngine(
  data: EncoderThreadData,
  limits: EngineLimits,
  start: (data: EncoderThreadData) => Promise<EncoderThread> = startEncoderThread,
): Promise<Engine> {
  const { maxWaiting, timeoutMs } = limits;
  let maxThreads = limits.threads;
  const queue = new TextQueue<Entry>(maxWaiting);
  let threads = [await start(data)];
  const { dimensions } = threads[0]!;
  let starting = 0;
  let isScheduled = false;
  let endsWhenIdle = false;

  function overloaded(reason: string): Problem {
    return new Problem('overloaded', `${reason} Retry later.`, { 'retry-after': '1' });
  }

  /** Waits for the end of the round of the event loop, so that texts of the same round are encoded together. */
  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      dispatch();
    });
  }

  function dispatch(): void {
    threads = threads.filter(({ isAlive }) => isAlive);
    for (const thread of threads) {
      if (thread.isBusy) continue;
      const batch = queue.takeBatch(MAX_BATCH_TEXTS);
      if (batch.length > 0) void encodeBatch(thread, batch);
    }
    if (queue.size > 0 && threads.length + starting < maxThreads) void startThread();
    const isIdle = queue.size === 0 && starting === 0 && threads.every(({ isBusy }) => !isBusy);
    if (endsWhenIdle && isIdle) void end();
  }

  async function startThread(): Promise<void> {
    starting += 1;
    try {
      threads.push(await start(data));
    } catch (error) {
      // Without any thread nobody would encode the texts that wait.
      if (threads.length > 0) maxThreads = threads.length;
      else for (const entry of queue.takeAll()) entry.settle({ error });
    } finally {
      starting -= 1;
      schedule();
    }
  }

  async function encodeBatch(thread: EncoderThread, batch: readonly Entry[]): Promise<void> {
    const taken = performance.now();
    try {
      const encoded = await thread.encode(batch.map(({ text }) => text)).finally(dispatch);
      for (const [at, entry] of batch.entries()) {
        // Each text is scored, recorded and answered in a turn of its own, so that other requests do not wait for a whole batch.
        if (at > 0) await nextTurn();
        const waitedSeconds = (taken - entry.submitted) / 1000;
        entry.settle({ encoded: { ...readText(encoded, at, dimensions, taken), waitedSeconds } });
      }
    } catch (error) {
      for (const entry of batch) entry.settle({ error });
    }
  }

  async function end(): Promise<void> {
    const ended = threads.map((thread) => thread.end());
    threads = [];
    await Promise.all(ended);
  }

  return {
    dimensions,
    encode(text, { queue: name, signal }) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        const entry: Entry = { text, queue: name, submitted: performance.now(), settle };
        const timer = setTimeout(() => {
          settle({ error: overloaded(`The text was not encoded within ${timeoutMs} ms.`) });
        }, timeoutMs);
        const abort = () => settle({ error: signal?.reason });
        signal?.addEventListener('abort', abort, { once: true });
        const refused = queue.add(entry);
        refused?.settle({ error: overloaded(`${maxWaiting} texts wait for the encoder, the maximum.`) });
        if (refused !== entry) schedule();

        function settle(result: Parameters<Entry['settle']>[0]): void {
          clearTimeout(timer);
          signal?.removeEventListener('abort', abort);
          queue.remove(entry);
          if ('encoded' in result) resolve(result.encoded);
          else reject(result.error);
        }
      });
    },
    endWhenIdle() {
      endsWhenIdle = true;
      schedule();
    },
    end,
  };
}

/** Returns the output of one text. Its times are moved to the clock of this thread, and never lie outside of the batch. */
function readText(
  { outputs, texts }: EncodedBatch,
  at: number,
  dimensions: number,
  taken: number,
): Omit<Encoded, 'waitedSeconds'> {
  const text = texts[at]!;
  const now = performance.now();
  const toOwnClock = (time: number) => Math.min(now, Math.max(taken, time - performance.timeOrigin));
  return {
    ...text,
    tokenizeStarted: toOwnClock(text.tokenizeStarted),
    tokenized: toOwnClock(text.tokenized),
    encoded: toOwnClock(text.encoded),
    output: outputs.subarray(at * dimensions, (at + 1) * dimensions),
  };
}
