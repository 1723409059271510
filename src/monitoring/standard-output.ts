import { destination } from 'pino';

/** Where lines go. */
export interface LineStream {
  write(line: string): void;
  /** Writes out what still waits, at once. */
  flushSync?(): void;
}

/**
 * Lines wait until there are some dozens, or for so long: a system call for each costs as much as its line. They wait here,
 * as bytes: pino's own buffer is measured anew with each line, and a string that grows is put together anew to be written.
 */
const CAPACITY_BYTES = 65_536;
const LONGEST_WAIT_MS = 100;
/** A character of a string is at most so many bytes of UTF-8. */
const MOST_BYTES = 3;

/** Standard output, for lines that do not hold up what writes them. */
export function standardOutput(): LineStream {
  const stream = destination({ fd: 1, sync: false, contentMode: 'buffer' });
  // Its types know of strings alone.
  const writeBytes = stream.write.bind(stream) as unknown as (bytes: Uint8Array) => boolean;
  let waiting = Buffer.allocUnsafeSlow(CAPACITY_BYTES);
  let length = 0;
  let timer: NodeJS.Timeout | undefined;
  let open = true;

  // Whoever read the lines has gone: that is no reason to end the service.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    open = false;
  });
  process.once('exit', flushSync);

  function pass(): void {
    clearTimeout(timer);
    timer = undefined;
    if (length === 0) return;
    if (open) writeBytes(waiting.subarray(0, length));
    // The bytes are the stream's until they are written.
    waiting = Buffer.allocUnsafeSlow(CAPACITY_BYTES);
    length = 0;
  }

  function flushSync(): void {
    pass();
    if (open) stream.flushSync();
  }

  return {
    write(line) {
      const most = line.length * MOST_BYTES;
      if (most > CAPACITY_BYTES - length) pass();
      if (!open) return;
      if (most > CAPACITY_BYTES) writeBytes(Buffer.from(line));
      else {
        length += waiting.write(line, length);
        timer ??= setTimeout(pass, LONGEST_WAIT_MS).unref();
      }
    },
    flushSync,
  };
}
