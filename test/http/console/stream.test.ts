import { get, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import type { StreamMessage } from '../../../src/recent/prediction-row.ts';
import { post, serve } from '../in-process.ts';

async function open(url: string, query = ''): Promise<{ response: IncomingMessage; lines: AsyncIterator<string> }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${url}/predictions/stream${query}`, { agent: false }, resolve).on('error', reject);
  });
  onTestFinished(() => void response.destroy());
  return { response, lines: createInterface({ input: response })[Symbol.asyncIterator]() };
}

/** Reads messages until one is of the wanted kind. */
async function next<K extends StreamMessage['kind']>(
  lines: AsyncIterator<string>,
  kind: K,
): Promise<StreamMessage & { kind: K }> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw new Error('the stream has ended');
    const message = JSON.parse(value) as StreamMessage;
    if (message.kind === kind) return message as StreamMessage & { kind: K };
  }
}

test('sends measurements, predictions and feedback as they come', async () => {
  const { url } = await serve();
  const { response, lines } = await open(url);
  expect(response.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
  const { workers } = await next(lines, 'process');
  expect(workers).toEqual([expect.objectContaining({ worker: 1, inFlight: 0, requestsPerSecond: 0 })]);

  const predicted = (await (await post(`${url}/predict`, { text: 'See you at the meeting' })).json()) as { id: string };
  const { predictions, skipped } = await next(lines, 'predictions');
  expect(predictions.map(({ id }) => id)).toEqual([predicted.id]);
  expect(skipped).toBe(0);

  await post(`${url}/feedback`, { id: predicted.id, label: 'spam' });
  expect(await next(lines, 'feedback')).toMatchObject({ id: predicted.id, feedback: { label: 'spam' } });
});

test('sends a prediction that is made right after the stream has opened', async () => {
  const { url } = await serve();
  const { lines } = await open(url);
  const predicted = (await (await post(`${url}/predict`, { text: 'See you at the meeting' })).json()) as { id: string };
  const { predictions } = await next(lines, 'predictions');
  expect(predictions.map(({ id }) => id)).toEqual([predicted.id]);
});

test('sends at most 100 predictions at once, counts the others, and filters', async () => {
  const { url } = await serve();
  const all = await open(url);
  const filtered = await open(url, '?prediction=!ham&prediction=!spam');
  await next(all.lines, 'process');
  await post(`${url}/predict/batch`, { texts: Array.from({ length: 250 }, (_, at) => `mail ${at}`) });
  const { predictions, skipped } = await next(all.lines, 'predictions');
  expect([predictions.length, skipped]).toEqual([100, 150]);
  const message = JSON.parse((await filtered.lines.next()).value as string) as StreamMessage;
  expect(message.kind).toBe('process');
});

test('a bad filter is refused before the stream starts', async () => {
  const { url } = await serve();
  expect((await fetch(`${url}/predictions/stream?colour=red`)).status).toBe(422);
});

test('the 65th stream is refused, and open streams take no place of other requests', async () => {
  const { url } = await serve({ MAX_IN_FLIGHT: '4' });
  for (let opened = 0; opened < 64; opened += 1) await open(url, `?worker=${opened % 2}`);
  const refused = await fetch(`${url}/predictions/stream`);
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('5');
  expect((await post(`${url}/predict`, { text: 'a mail' })).status).toBe(200);
  expect((await fetch(`${url}/models`)).status).toBe(200);
});

test('streams end when the service stops', async () => {
  const service = await serve({ SHUTDOWN_DELAY_MS: '300' });
  const { response } = await open(service.url);
  const ended = new Promise((resolve) => response.resume().once('close', resolve));
  await service.stop();
  await ended;
  expect(response.complete).toBe(true);
});
