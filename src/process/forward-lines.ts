import type { Readable } from 'node:stream';

/**
 * Hands on what a process writes, in pieces that end where a line does: several processes that write to one pipe by
 * themselves cut into each other's lines as soon as it is full.
 *
 * @returns a promise of the end; a line that was begun and never ended is not handed on
 */
export async function forwardLines(input: Readable, out: { write(text: string): unknown }): Promise<void> {
  let begun = '';
  try {
    for await (const piece of input.setEncoding('utf8') as AsyncIterable<string>) {
      const end = piece.lastIndexOf('\n') + 1;
      if (end > 0) out.write(begun + piece.slice(0, end));
      begun = end > 0 ? piece.slice(end) : begun + piece;
    }
  } catch {
    // It ended while it was writing.
  }
}
