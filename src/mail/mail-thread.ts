import { parentPort } from 'node:worker_threads';
import type { ReadRequest, ReadResponse } from './mail-reader.ts';
import { readMailTexts } from './mail-text.ts';

const port = parentPort!;

port.on('message', ({ raw, timeoutMs, maxCharacters }: ReadRequest) => {
  const send = (response: ReadResponse) => port.postMessage(response);
  readMailTexts(raw, {
    deadline: performance.now() + timeoutMs,
    maxCharacters,
    onProgress: (texts) => send({ isFinal: false, texts }),
  }).then(
    (texts) => send({ isFinal: true, texts }),
    () => send({ isFinal: true, texts: undefined }),
  );
});
