import { write as writeAsync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { metrics } from '@opentelemetry/api';
import { destination } from 'pino';
import { instrumentOptions } from '../metric-definition.ts';
import { METRIC, SCOPE } from '../names.ts';

/** The destination of log lines. */
export interface LogDestination {
  /** Takes one or more whole lines. */
  write(lines: string): void;
  /** Resolves once all lines are written, or after one second. */
  flush?(): Promise<void>;
}

const STDERR = 2;

/** Lines wait for so many bytes or milliseconds, because one system call costs as much as some dozens of lines. */
const MIN_WRITE_BYTES = 60_000;
const MAX_WAIT_MS = 100;
/** Must exceed the minimum. With the default of pino, 16 KiB, each line takes twice the time. */
const MAX_WRITE_BYTES = 65_536;
/** The limit on waiting lines: about 20,000 of them. Further lines are dropped and counted. */
const MAX_WAITING_BYTES = 8 * 1024 * 1024;

/** The pause before the next attempt if a pipe is full. */
const RETRY_MS = 5;
const FLUSH_TIMEOUT_MS = 1_000;

/** The time limit for a write in progress when the process ends without a flush. */
const LAST_WRITE_MS = 50;
/** The time limit for the last lines while a pipe is full. */
const LAST_LINES_MS = 500;

/** The private state of pino's destination in the content mode `buffer` (sonic-boom 4.2). */
interface Internals {
  readonly _writing: boolean;
  readonly _writingBuf: Uint8Array;
  readonly _bufs: readonly (readonly Uint8Array[])[];
}

/**
 * Creates a destination that writes to standard output in the background, and never blocks, ends or hangs the process.
 * After an error (a full pipe, a full disk) lines wait for the next attempt. Beyond the limit they are dropped and counted
 * in `log.lines.dropped`. Only a closed pipe is final.
 */
export function createLogDestination(): LogDestination {
  // Access to process.stdout makes a pipe non-blocking. In a blocking pipe without a reader a write would never return,
  // and Node waits for writes in progress before it ends.
  const { fd } = process.stdout;
  const stream = destination({
    dest: fd,
    sync: false,
    contentMode: 'buffer',
    minLength: MIN_WRITE_BYTES,
    maxWrite: MAX_WRITE_BYTES,
    maxLength: MAX_WAITING_BYTES,
    periodicFlush: MAX_WAIT_MS,
    // A full pipe is an error like any other. The stream's own pause, 100 ms, would limit a pipe to 640 KiB/s.
    retryEAGAIN: () => false,
  });
  // The types of pino know only strings.
  const writeBytes = stream.write.bind(stream) as unknown as (bytes: Uint8Array) => boolean;
  const dropped = createDropCounter();
  let waitingBytes = 0;
  let retrying = false;
  let closed = false;

  stream.on('error', ({ code }: NodeJS.ErrnoException) => {
    dropped.cause = code;
    // The reader has gone and does not come back.
    if (code === 'EPIPE') closed = true;
    if (code === 'EAGAIN' && !retrying) {
      retrying = true;
      setTimeout(writeAgain, RETRY_MS).unref();
    }
  });
  stream.on('close', () => {
    closed = true;
  });
  stream.on('write', (bytes) => {
    waitingBytes -= bytes;
  });
  stream.on('drop', (bytes) => {
    waitingBytes -= bytes.length;
    dropped.add(String(bytes));
  });
  // Called by pino at the end of the process. The stream's own function repeats a write that fails, without an end.
  stream.flushSync = () => {
    if (waitingBytes > 0 && !closed) writeLastLines(fd, stream as unknown as Internals);
  };

  function writeAgain(): void {
    retrying = false;
    if (!closed) stream.flush();
  }

  return {
    write(lines) {
      if (closed) {
        dropped.add(lines);
        return;
      }
      const bytes = Buffer.from(lines);
      waitingBytes += bytes.length;
      writeBytes(bytes);
    },
    async flush() {
      const deadline = performance.now() + FLUSH_TIMEOUT_MS;
      while (waitingBytes > 0 && !closed && performance.now() < deadline) {
        stream.flush();
        await delay(RETRY_MS);
      }
    },
  };
}

/** Writes the lines that still wait, in their order, and gives up at the first error or after a short time. */
function writeLastLines(fd: number, { _writing, _writingBuf, _bufs }: Internals): void {
  // A thread writes this part. The lines after it must not come before it.
  if (_writing) sleep(LAST_WRITE_MS);
  const deadline = performance.now() + LAST_LINES_MS;
  let rest: Uint8Array = Buffer.concat([...(_writing ? [] : [_writingBuf]), ..._bufs.flat()]);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > deadline) return;
      sleep(RETRY_MS);
    }
  }
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

interface DropCounter {
  /** The code of the last error of standard output. */
  cause: string | undefined;
  add(lines: string): void;
}

/** Creates a counter of dropped lines, which reports the first of them on standard error. */
function createDropCounter(): DropCounter {
  const { droppedLogLines } = METRIC;
  const counter = metrics.getMeter(SCOPE).createCounter(droppedLogLines.name, instrumentOptions(droppedLogLines));
  counter.add(0);
  let reported = false;
  return {
    cause: undefined,
    add(lines) {
      counter.add(lines.split('\n').length - 1);
      if (reported) return;
      reported = true;
      const cause = this.cause === undefined || this.cause === 'EAGAIN' ? 'its reader is too slow' : this.cause;
      // Not with process.stderr: if standard error is closed, that ends the process.
      writeAsync(STDERR, `log lines are dropped, because standard output does not take them: ${cause}\n`, () => {});
    },
  };
}
