import type { SMTPServerDataStream } from 'smtp-server';
import type { ByteBudget } from '../http/server/byte-budget.ts';

/**
 * Reads a message by SMTP.
 *
 * @throws the reply to a message that is too long, or that is given up because too many bytes are in memory
 */
export async function readMessage(stream: SMTPServerDataStream, maxBytes: number, budget: ByteBudget): Promise<Buffer> {
  let chunks: Uint8Array[] = [];
  let length = 0;
  let givenUp = false;
  const held = budget.hold(() => {
    givenUp = true;
    chunks = [];
    held.end();
  });
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > maxBytes || givenUp) chunks = [];
      else {
        chunks.push(chunk);
        held.add(chunk.length);
      }
      if (length > maxBytes) held.end();
    }
  } finally {
    held.end();
  }
  if (length > maxBytes) throw reply(552, `The message is longer than ${maxBytes} bytes, the maximum.`);
  if (givenUp) throw reply(451, 'Too many bytes of messages are in memory; try again later.');
  return Buffer.concat(chunks);
}

/** Returns an error that smtp-server sends as a reply. */
export function reply(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}
