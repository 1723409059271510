import { destination } from 'pino';

/** Where lines go. */
export interface LineStream {
  write(line: string): void;
  /** Writes out what still waits, at once. */
  flushSync?(): void;
}

/**
 * Lines wait until there are some dozens, or for so long: a system call for each costs as much as its line. They wait here,
 * in one string: pino's own buffer is measured anew with each line.
 */
const ENOUGH_CHARACTERS = 32_768;
const LONGEST_WAIT_MS = 100;

/** Standard output, for lines that do not hold up what writes them. */
export function standardOutput(): LineStream {
  const stream = destination({ fd: 1, sync: false });
  let waiting = '';
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
    if (open && waiting !== '') stream.write(waiting);
    waiting = '';
  }

  function flushSync(): void {
    pass();
    if (open) stream.flushSync();
  }

  return {
    write(line) {
      waiting += line;
      if (waiting.length >= ENOUGH_CHARACTERS) pass();
      else timer ??= setTimeout(pass, LONGEST_WAIT_MS).unref();
    },
    flushSync,
  };
}
