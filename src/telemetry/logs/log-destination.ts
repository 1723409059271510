import cluster from 'node:cluster';
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { metrics } from '@opentelemetry/api';
import { destination } from 'pino';
import { instrumentOptions } from '../metric-definition.ts';
import { METRIC, SCOPE } from '../names.ts';

/** The destination of log lines. */
export interface LogDestination {
  /** Takes one or more whole lines. */
  write(lines: string): void;
  /** Resolves once all lines are written, or after `timeoutMs`, by default one second. */
  flush?(timeoutMs?: number): Promise<void>;
}

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
/** The time limit for the last lines while a pipe is full, if the process ends without a flush. */
const LAST_LINES_MS = 500;

const STDOUT = 1;
const STDERR = 2;
const NEWLINE = 0x0a;

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
  const fd = openWithoutBlocking(process.stdout, STDOUT);
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
  /** The number of writes that have ended, with or without an error. */
  let writes = 0;
  /** True if a write does not return. */
  let blocked = false;
  let lastLinesMs = LAST_LINES_MS;

  stream.on('error', ({ code }: NodeJS.ErrnoException) => {
    writes += 1;
    dropped.setCause(code);
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
    writes += 1;
    waitingBytes -= bytes;
  });
  stream.on('drop', (bytes) => {
    waitingBytes -= bytes.length;
    dropped.add(String(bytes));
  });
  // Called by pino at the end of the process. The stream's own function repeats a write that fails, without an end.
  stream.flushSync = () => {
    if (waitingBytes === 0 || closed) return;
    const internals = stream as unknown as Internals;
    // Node would wait for the thread of this write, without an end.
    if (blocked && internals._writing) endAtOnce();
    dropped.reportLost(writeLastLines(fd, internals, lastLinesMs));
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
    async flush(timeoutMs = FLUSH_TIMEOUT_MS) {
      const deadline = performance.now() + timeoutMs;
      const writesBefore = writes;
      while (waitingBytes > 0 && !closed && performance.now() < deadline) {
        stream.flush();
        await delay(RETRY_MS);
      }
      lastLinesMs = 0;
      blocked = waitingBytes > 0 && writes === writesBefore;
    },
  };
}

/**
 * Returns a descriptor of the same file on which no write blocks, if there can be one. In a blocking pipe without a reader,
 * or on a stopped terminal, a write would never return, and Node waits for writes in progress before it ends.
 */
function openWithoutBlocking(stream: NodeJS.WriteStream, fd: number): number {
  // Access to the stream makes a pipe or a socket non-blocking, until another process that shares it changes it back.
  // Without a listener an error, such as that of a warning to a closed terminal, would end the process.
  stream.on('error', () => {});
  try {
    // A file must stay the same, because its position is shared.
    if (!isatty(fd) && !fstatSync(fd).isFIFO()) return fd;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // Not on Linux, or the pipe belongs to another user.
    return fd;
  }
}

/** Ends the process by a signal, without the wait of Node for its threads. */
function endAtOnce(): void {
  process.removeAllListeners('SIGTERM');
  process.kill(process.pid, 'SIGTERM');
}

/**
 * Writes the lines that still wait, in their order, and gives up at the first error or after a short time.
 *
 * @returns the number of lines that were not written
 */
function writeLastLines(fd: number, { _writing, _writingBuf, _bufs }: Internals, timeoutMs: number): number {
  // A thread writes this part. The lines after it must not come before it.
  if (_writing) sleep(LAST_WRITE_MS);
  const deadline = performance.now() + timeoutMs;
  let rest: Uint8Array = Buffer.concat([...(_writing ? [] : [_writingBuf]), ..._bufs.flat()]);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > deadline) return countLines(rest);
      sleep(RETRY_MS);
    }
  }
  return 0;
}

function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

interface DropCounter {
  /** Sets the code of the last error of standard output, and reports it on standard error if it is the first one. */
  setCause(code: string | undefined): void;
  add(lines: string): void;
  /** Reports lines that were not written when the process ended. */
  reportLost(lines: number): void;
}

/** Creates a counter of dropped lines. Standard error gets one line when the trouble begins, and one at the end. */
function createDropCounter(): DropCounter {
  const { droppedLogLines } = METRIC;
  const counter = metrics.getMeter(SCOPE).createCounter(droppedLogLines.name, instrumentOptions(droppedLogLines));
  counter.add(0);
  const stderr = openWithoutBlocking(process.stderr, STDERR);
  let cause = 'its reader is too slow';
  let reported = false;

  function report(message: string): void {
    try {
      writeSync(stderr, `${message}: ${cause}\n`);
    } catch {
      // Standard error takes no lines either.
    }
  }
  function reportOnce(): void {
    if (reported) return;
    reported = true;
    report('standard output does not take log lines: they wait, and are dropped above 8 MiB');
  }

  return {
    setCause(code) {
      // A full pipe is usual. It is reported if lines are dropped.
      if (code === undefined || code === 'EAGAIN') return;
      cause = code;
      // The reader of a worker is its supervisor, and a worker whose supervisor has ended ends too.
      if (code === 'EPIPE' && cluster.isWorker) reported = true;
      reportOnce();
    },
    add(lines) {
      counter.add(lines.split('\n').length - 1);
      reportOnce();
    },
    reportLost(lines) {
      if (lines > 0) report(`${lines} log lines were lost at the end, because standard output did not take them`);
    },
  };
}
