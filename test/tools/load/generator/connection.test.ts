import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openConnection } from '../../../../tools/load/generator/connection.ts';

test('bytes from the server without a request are not an answer: the connection is opened again', async () => {
  // Node sends 408 on a connection that stays silent for too long; here with a body, as Waymark does.
  const server = createServer(
    { headersTimeout: 100, requestTimeout: 100, connectionsCheckingInterval: 50 },
    (_, response) => response.end('answer'),
  );
  server.on('clientError', (_, socket) => socket.end('HTTP/1.1 408 Request Timeout\r\nContent-Length: 2\r\n\r\n{}'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void server.close());
  const events: string[] = [];
  const answered = Promise.withResolvers<string>();
  const connection = openConnection(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), 1_000, {
    onReady(ready) {
      events.push('ready');
      if (events.length > 1) ready.send(Buffer.from('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'));
    },
    onAnswer: (_, status, body) => answered.resolve(`${status} ${body}`),
    onDisconnect: () => void events.push('disconnect'),
    onRefused: (_, reason) => answered.reject(new Error(reason)),
  });
  onTestFinished(connection.close);
  expect(await answered.promise).toBe('200 answer');
  expect(events.slice(0, 3)).toEqual(['ready', 'disconnect', 'ready']);
});
