import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { decodeWords } from 'postal-mime';
import type { MailLimit } from './bounded-mime.ts';
import { type MailTexts, stripMailboxLine } from './mail-text.ts';

/** A message to a reading thread. */
export interface ReadRequest {
  readonly raw: Uint8Array;
  readonly timeoutMs: number;
  readonly maxCharacters: number;
}

/** A message from a reading thread. `texts` is undefined if the parser failed. */
export interface ReadResponse {
  readonly isFinal: boolean;
  readonly texts: MailTexts | undefined;
}

/** Reads mails in threads of their own. */
export interface MailReader {
  /**
   * Reads the texts of a mail within the time limit. It never fails: a mail that cannot be read completely gives what
   * was read, at least the subject.
   */
  read(raw: Uint8Array): Promise<MailTexts>;
  /** Resolves when all threads have read a first mail, or failed to: loading the parser takes longer than most mails. */
  warmUp(): Promise<void>;
  /** Ends the threads. Mails that are being read give their subject. */
  close(): Promise<void>;
}

/** Options of `createMailReader`. */
export interface MailReaderOptions {
  /** The maximum time in milliseconds for one mail, including the time in which it waits for a thread. */
  readonly timeoutMs: number;
  /** The maximum number of characters of each text. */
  readonly maxCharacters: number;
  /** The number of threads. With two or more, a hostile mail delays no other mail. */
  readonly threads?: number;
  /** The module of the threads. Only tests set it. */
  readonly thread?: URL;
}

/** The time in milliseconds that a thread has to return what it has read after its time limit. */
const GRACE_MS = 250;

/** The memory limits of a thread. A mail that exceeds them ends its thread alone, and not the gateway. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };

/** A thread costs some 15 MB. */
const MAX_THREADS = 4;

/** The time in milliseconds until a thread that ended without a mail is replaced, so that a fault costs no processor. */
const RESTART_MS = 1_000;

/** The longest time in milliseconds for the first mail of a thread. */
const WARM_UP_MS = 10_000;

/** The number of bytes at the start of a mail in which a subject is looked for if no thread could read the mail. */
const SUBJECT_BYTES = 65_536;

/** A mail that is being read, or waits for a thread. */
interface Job {
  readonly raw: Uint8Array;
  readonly endsAt: number;
  readonly finish: (texts: MailTexts) => void;
  /** The texts that were read so far. */
  partial: MailTexts | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** A thread. `job` is the mail that it reads. */
interface Thread {
  readonly worker: Worker;
  job: Job | undefined;
}

/** Creates a reader with its threads. A thread that exceeds a limit or ends is replaced. */
export function createMailReader({
  timeoutMs,
  maxCharacters,
  threads: threadCount = Math.min(Math.max(2, availableParallelism()), MAX_THREADS),
  thread: module = new URL('./mail-thread.ts', import.meta.url),
}: MailReaderOptions): MailReader {
  const threads = new Set<Thread>();
  const waiting: Job[] = [];
  let closed = false;

  function startThread(): void {
    // execArgv is empty, because the telemetry preload must run in the main thread only.
    const worker = new Worker(module, { execArgv: [], resourceLimits: RESOURCE_LIMITS });
    const thread: Thread = { worker, job: undefined };
    threads.add(thread);
    worker.unref();
    worker.on('message', ({ isFinal, texts }: ReadResponse) => {
      const { job } = thread;
      if (!job) return;
      if (!isFinal) {
        job.partial = texts;
        return;
      }
      thread.job = undefined;
      finish(job, texts ?? giveUp(job, 'broken'));
      assign();
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      replace(thread, error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'broken');
    });
    worker.on('exit', () => replace(thread, 'broken'));
  }

  /** Ends a thread, finishes its mail with what was read, and starts another thread. */
  function replace(thread: Thread, limit: MailLimit): void {
    if (!threads.delete(thread)) return;
    void thread.worker.terminate();
    const { job } = thread;
    thread.job = undefined;
    if (job) finish(job, giveUp(job, limit));
    if (closed) return;
    if (job) startThread();
    else setTimeout(() => closed || startThread(), RESTART_MS).unref();
    assign();
  }

  function finish(job: Job, texts: MailTexts): void {
    clearTimeout(job.timer);
    job.finish(texts);
  }

  /** Gives waiting mails to idle threads. */
  function assign(): void {
    for (const thread of threads) {
      if (thread.job) continue;
      const job = waiting.shift();
      if (!job) return;
      clearTimeout(job.timer);
      const remaining = Math.max(job.endsAt - performance.now(), 1);
      thread.job = job;
      job.timer = setTimeout(() => replace(thread, 'time'), remaining + GRACE_MS);
      const request: ReadRequest = { raw: job.raw, timeoutMs: remaining, maxCharacters };
      thread.worker.postMessage(request);
    }
  }

  for (let i = 0; i < threadCount; i += 1) startThread();

  function read(raw: Uint8Array, maxMs = timeoutMs): Promise<MailTexts> {
    return new Promise((resolve) => {
      const job: Job = {
        raw,
        endsAt: performance.now() + maxMs,
        finish: resolve,
        partial: undefined,
        timer: undefined,
      };
      if (closed) {
        resolve(giveUp(job, 'queue'));
        return;
      }
      job.timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(job), 1);
        resolve(giveUp(job, 'queue'));
      }, maxMs);
      waiting.push(job);
      assign();
    });
  }

  return {
    read: (raw) => read(raw),
    async warmUp() {
      const first = Buffer.from('Subject: first\r\nContent-Type: text/html\r\n\r\n<p>mail</p>\r\n');
      await Promise.all(Array.from({ length: threadCount }, () => read(first, WARM_UP_MS)));
    },
    async close() {
      closed = true;
      for (const job of waiting.splice(0)) finish(job, giveUp(job, 'queue'));
      const ending = [...threads];
      for (const thread of ending) replace(thread, 'queue');
      await Promise.all(ending.map(({ worker }) => worker.terminate()));
    },
  };
}

/** Returns what is known of a mail that no thread could read completely. */
function giveUp({ raw, partial }: Job, limit: MailLimit): MailTexts {
  return partial ?? { subject: findSubject(raw), plain: '', html: '', hiddenShare: 0, limit };
}

/** Returns the subject of a mail, from the start of its header. The time is bounded, so any thread may call it. */
function findSubject(raw: Uint8Array): string {
  const start = Buffer.from(stripMailboxLine(raw).subarray(0, SUBJECT_BYTES)).toString();
  const header = start.split(/\r?\n\r?\n/, 1)[0]!;
  const field = /(?:^|\n)subject:([^\n]*(?:\n[ \t][^\n]*)*)/i.exec(header)?.[1] ?? '';
  return decodeWords(field.replace(/[\r\n]+/g, '').trim()).slice(0, 1_000);
}
