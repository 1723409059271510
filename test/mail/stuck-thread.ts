import { parentPort } from 'node:worker_threads';
import type { ReadRequest, ReadResponse } from '../../src/mail/mail-reader.ts';
import { readMailTexts } from '../../src/mail/mail-text.ts';

// Stands in for a reading thread that a mail has brought down. No mail that does this is known.
const port = parentPort!;

port.on('message', async ({ raw, maxCharacters }: ReadRequest) => {
  const message = Buffer.from(raw).toString();
  const texts = await readMailTexts(raw, { deadline: Number.POSITIVE_INFINITY, maxCharacters });
  const send = (response: ReadResponse) => port.postMessage(response);
  if (message.includes('partly')) send({ isFinal: false, texts: { ...texts, limit: 'time' } });
  if (message.includes('stuck')) for (;;);
  if (message.includes('crash')) process.exit(1);
  if (message.includes('memory')) {
    const held: number[][] = [];
    for (;;) held.push(Array.from({ length: 100_000 }, (_, i) => i + Math.random()));
  }
  send({ isFinal: true, texts });
});
