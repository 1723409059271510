import { once } from 'node:events';
import { destination } from 'pino';

/** Where lines go. */
export interface LineStream {
  write(line: string): void;
  /** Resolves once all lines are written. */
  flush?(): Promise<void>;
}

/**
 * Lines wait until there are some dozens, or for so long: a system call for each costs as much as its line. They wait here,
 * as bytes: pino's own buffer is measured anew with each line, and a string that grows is put together anew to be written.
 */
const CAPACITY_BYTES = 65_536;
const LONGEST_WAIT_MS = 100;
/** A character of a string is at most so many bytes of UTF-8. */
const MOST_BYTES = 3;

/** On a sudden end: how long a write that a thread has under way is given, so that what follows it is not written before it. */
const LAST_WRITE_MS = 50;

/** Standard output, for lines that do not hold up what writes them. */
export function standardOutput(): LineStream {
  const stream = destination({ fd: 1, sync: false, contentMode: 'buffer' });
  let waiting = Buffer.allocUnsafeSlow(CAPACITY_BYTES);
  let length = 0;
  let timer: NodeJS.Timeout | undefined;
  let writing = false;
  let open = true;

  stream.on('drain', () => {
    writing = false;
  });
  // Whoever read the lines has gone: that is no reason to end the service.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    writing = false;
    open = false;
  });
  // Before pino does: it ends the stream, and writes what the stream holds though a thread is writing.
  process.prependOnceListener('beforeExit', pass);
  process.prependOnceListener('exit', writeAtOnce);

  function hand(bytes: Uint8Array): void {
    if (!open) return;
    writing = true;
    writeBytes(stream, bytes);
  }

  function pass(): void {
    clearTimeout(timer);
    timer = undefined;
    if (length === 0) return;
    hand(waiting.subarray(0, length));
    // The bytes are the stream's until they are written.
    waiting = Buffer.allocUnsafeSlow(CAPACITY_BYTES);
    length = 0;
  }

  /** What a thread has not begun to write by now it never will. */
  function writeAtOnce(): void {
    if (writing) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LAST_WRITE_MS);
      stream.flushSync();
    }
    if (open && length > 0) {
      const atOnce = destination({ fd: 1, sync: true, contentMode: 'buffer' });
      writeBytes(atOnce, waiting.subarray(0, length));
    }
    length = 0;
  }

  return {
    write(line) {
      const most = line.length * MOST_BYTES;
      if (most > CAPACITY_BYTES - length) pass();
      if (most > CAPACITY_BYTES) hand(Buffer.from(line));
      else if (open) {
        length += waiting.write(line, length);
        timer ??= setTimeout(pass, LONGEST_WAIT_MS).unref();
      }
    },
    async flush() {
      pass();
      // An error is told to whoever listens for it.
      if (writing) await once(stream, 'drain').catch(() => {});
    },
  };
}

function writeBytes(stream: ReturnType<typeof destination>, bytes: Uint8Array): void {
  // Its types know of strings alone.
  (stream.write as (bytes: string | Uint8Array) => boolean).call(stream, bytes);
}
