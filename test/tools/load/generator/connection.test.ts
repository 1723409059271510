import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type Connection, openConnection } from '../../../../tools/load/generator/connection.ts';

async function listen(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Opens a connection, and returns a function that sends a request and resolves to its outcome. */
function open(origin: string): (giveUpAfterMs?: number) => Promise<string> {
  let settle: (outcome: string) => void = () => {};
  const connection: Connection = openConnection({ origin, path: '/', headers: { 'x-test': 'a' } }, 1_000, {
    onSent: () => {},
    onAnswer: (_, status, body) => settle(`${status} ${body}`),
    onLost: (_, { reason, stale, refused }) =>
      settle(`${reason}${stale ? ', stale' : ''}${refused ? ', refused' : ''}`),
  });
  onTestFinished(connection.close);
  return (giveUpAfterMs) => {
    const outcome = new Promise<string>((resolve) => {
      settle = resolve;
    });
    connection.send(Buffer.from('{}'));
    if (giveUpAfterMs !== undefined) setTimeout(connection.giveUp, giveUpAfterMs);
    return outcome;
  };
}

test('bytes from the server without a request are not an answer: the connection is opened again', async () => {
  // Node sends 408 on a connection that stays silent for too long; here with a body, as Waymark does.
  const server = createServer({ keepAliveTimeout: 60_000 }, (_, response) => response.end('answer'));
  const url = await listen(server);
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  const send = open(url);
  expect(await send()).toBe('200 answer');
  sockets[0]!.write('HTTP/1.1 408 Request Timeout\r\nContent-Length: 2\r\n\r\n{}');
  await once(sockets[0]!, 'close');
  expect(await send()).toBe('200 answer');
  expect(sockets).toHaveLength(2);
});

test('a request has the headers of the target, and its body in chunks becomes one text', async () => {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    response.write(`${request.headers['x-test']} `);
    await delay(10);
    response.end(`${Buffer.concat(chunks).toString()} é`);
  });
  expect(await open(await listen(server))()).toBe('200 a {} é');
});

test('a request that is given up is a timeout, and the next one uses a new connection', async () => {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    if (requests > 1) response.end('late');
  });
  const send = open(await listen(server));
  expect(await send(50)).toBe('timeout');
  expect(await send()).toBe('200 late');
});

test('a connection that ends before the answer is closed; without a server it is refused', async () => {
  const server = createServer((request) => request.socket.destroy());
  const url = await listen(server);
  const send = open(url);
  expect(await send()).toMatch(/^(?:closed|ECONNRESET)$/);
  server.close();
  await once(server, 'close');
  expect(await send()).toBe('ECONNREFUSED, refused');
});
