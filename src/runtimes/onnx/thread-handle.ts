import { Worker } from 'node:worker_threads';
import type { EncodedText, EncodeRequest, EncoderMessage, EncoderThreadData } from './messages.ts';

/** The limits on the heap of a thread. A session is outside of it. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 24 };

/** The longest time in milliseconds for a batch. After it, the thread counts as hanging, and another one takes its place. */
const MAX_BATCH_MS = 60_000;

/** The texts of a batch, encoded. */
export interface EncodedBatch {
  readonly outputs: Float32Array<ArrayBuffer>;
  readonly texts: readonly EncodedText[];
}

/** A thread with one session. It encodes one batch at a time. */
export interface EncoderThread {
  /** The number of values of an output. */
  readonly dimensions: number;
  /** True until the thread has ended for any reason. */
  readonly isAlive: boolean;
  readonly isBusy: boolean;
  /** @throws {Error} if the thread ends or hangs, or cannot encode the texts */
  encode(texts: readonly string[]): Promise<EncodedBatch>;
  /** Ends the thread after the batch that it encodes. Resolves when the thread has ended. */
  end(): Promise<void>;
}

/**
 * Starts a thread. It keeps the process alive only while it starts or encodes. It is never ended while it works: native code that
 * returns to a thread which is being ended ends the whole process (node-addon-api can throw no exception there).
 *
 * @throws {Error} if the thread cannot open the encoder
 */
export async function startEncoderThread(data: EncoderThreadData): Promise<EncoderThread> {
  const worker = new Worker(new URL('./encoder-thread.ts', import.meta.url), {
    workerData: data,
    // Options of the process such as --import of the telemetry are not for this thread.
    execArgv: [],
    resourceLimits: RESOURCE_LIMITS,
  });
  let isAlive = true;
  let isWorking = true;
  const exited = new Promise<void>((resolve) => void worker.once('exit', () => resolve()));
  let running: { resolve: (message: EncoderMessage) => void; reject: (error: Error) => void } | undefined;
  const settle = (use: (current: NonNullable<typeof running>) => void) => {
    const current = running;
    running = undefined;
    if (isAlive) worker.unref();
    if (current) use(current);
  };
  worker.on('message', (message: EncoderMessage) => {
    isWorking = false;
    if (!isAlive) void worker.terminate();
    settle(({ resolve }) => resolve(message));
  });
  worker.on('error', (error: Error) => {
    isAlive = false;
    settle(({ reject }) => reject(error));
  });
  worker.on('exit', () => {
    isAlive = false;
    settle(({ reject }) => reject(new Error('the thread of the encoder ended')));
  });

  function nextMessage(): Promise<EncoderMessage> {
    isWorking = true;
    worker.ref();
    const { promise, resolve, reject } = Promise.withResolvers<EncoderMessage>();
    running = { resolve, reject };
    return promise;
  }

  const ready = await nextMessage();
  if (ready.kind !== 'ready') {
    void worker.terminate();
    throw new Error(ready.kind === 'failed' ? ready.message : 'the thread of the encoder did not start');
  }
  return {
    dimensions: ready.dimensions,
    get isAlive() {
      return isAlive;
    },
    get isBusy() {
      return running !== undefined;
    },
    async encode(texts) {
      const answer = nextMessage();
      const timer = setTimeout(() => {
        settle(({ reject }) => reject(new Error(`the encoder gave no answer within ${MAX_BATCH_MS} ms`)));
        isAlive = false;
      }, MAX_BATCH_MS);
      worker.postMessage({ texts } satisfies EncodeRequest);
      const message = await answer.finally(() => clearTimeout(timer));
      if (message.kind === 'encoded') return message;
      throw new Error(message.kind === 'failed' ? message.message : 'the thread of the encoder started twice');
    },
    end() {
      isAlive = false;
      worker.ref();
      if (!isWorking) void worker.terminate();
      return exited;
    },
  };
}
