import type { Readable } from 'node:stream';

/**
 * Forwards the output of a process in pieces of whole lines. Several processes that write to one pipe directly would split
 * each other's lines when the pipe is full.
 *
 * @returns a promise that resolves at the end of the output. An unfinished line at the end is dropped.
 */
export async function forwardLines(input: Readable, out: { write(text: string): unknown }): Promise<void> {
  let unfinished = '';
  try {
    for await (const piece of input.setEncoding('utf8') as AsyncIterable<string>) {
      const end = piece.lastIndexOf('\n') + 1;
      if (end > 0) out.write(unfinished + piece.slice(0, end));
      unfinished = end > 0 ? piece.slice(end) : unfinished + piece;
    }
  } catch {
    // The process ended during a write.
  }
}
