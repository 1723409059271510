import { ConnectionError, UnexpectedAnswerError } from './errors.ts';
import type { StreamMessage } from './memory.ts';
import { readAnswer, type TransportOptions } from './transport.ts';

/**
 * Reads a response of JSON lines as they come. It has no time limit and is not repeated: the loop over it ends with `break`, or
 * with the signal.
 *
 * @throws {WaymarkError} if the service refuses the request, or the connection breaks; the reason of the signal if it aborts
 */
export async function* readStream(
  { url, headers, fetch }: Pick<TransportOptions, 'url' | 'headers' | 'fetch'>,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<StreamMessage, void> {
  const shownUrl = `${url}${path.split('?', 1)[0]}`;
  signal?.throwIfAborted();
  // Without a signal of its own, a connection would stay open after the loop has ended.
  const end = new AbortController();
  const both = signal ? AbortSignal.any([signal, end.signal]) : end.signal;
  try {
    const response = await fetch(`${url}${path}`, {
      headers: { accept: 'application/x-ndjson, application/json', ...headers() },
      redirect: 'error',
      signal: both,
    });
    if (!response.ok || response.body === null) {
      const outcome = readAnswer(response, await response.text(), shownUrl);
      throw 'error' in outcome ? outcome.error : new UnexpectedAnswerError(response.status, 'is no stream', shownUrl);
    }
    yield* parseLines(response.body);
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof Error && 'url' in cause) throw cause;
    throw new ConnectionError(`The stream of ${shownUrl} broke.`, { cause, url: shownUrl });
  } finally {
    end.abort();
  }
}

async function* parseLines(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamMessage, void> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + decoder.decode(value, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield JSON.parse(line) as StreamMessage;
  }
}
