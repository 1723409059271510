import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openConnection } from '../../../../tools/load/generator/connection.ts';

test('what a server says unasked, to a connection that sent nothing, is no answer: another connection is opened', async () => {
  // Node answers with 408 to who sends nothing for so long; here with a body, as Waymark does.
  const server = createServer(
    { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 50 },
    (_, response) => response.end('asked'),
  );
  server.on('clientError', (_, socket) => socket.end('HTTP/1.1 408 Request Timeout\r\nContent-Length: 2\r\n\r\n{}'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const heard: string[] = [];
  const answered = Promise.withResolvers<string>();
  const connection = openConnection(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), 1_000, {
    onReady(ready) {
      heard.push('ready');
      if (heard.length > 1) ready.send(Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'));
    },
    onAnswer: (_, status, body) => answered.resolve(`${status} ${body}`),
    onDown: () => void heard.push('down'),
    onRefused: (_, reason) => answered.reject(new Error(reason)),
  });
  onTestFinished(connection.close);
  expect(await answered.promise).toBe('200 asked');
  expect(heard.slice(0, 3)).toEqual(['ready', 'down', 'ready']);
});
