import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createByteBudget } from '../../../src/http/server/byte-budget.ts';
import { post, serve } from '../in-process.ts';

/** A client that writes and reads bytes by itself. */
class RawClient {
  readonly socket: Socket;
  received = '';
  readonly closed: Promise<unknown>;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    // Half open: the client never closes its side.
    this.socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    this.socket.on('error', () => {});
    this.socket.on('data', (data) => {
      this.received += data;
    });
    this.closed = Promise.race([once(this.socket, 'end'), once(this.socket, 'close')]);
    onTestFinished(() => void this.socket.destroy());
  }

  send(text: string): void {
    this.socket.write(text);
  }
}

const head = (length: number) =>
  `POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

/** Returns the type of the problem in a raw response. */
const problemOf = (received: string) => /"type":"urn:waymark:problem:([^"]+)"/.exec(received)?.[1];

describe('clients that are slow', () => {
  test('half-sent bodies take no slot, and are answered with 408 and closed', async () => {
    const { url } = await serve({ MAX_IN_FLIGHT: '4', REQUEST_TIMEOUT_MS: '1000' });
    const clients = Array.from({ length: 16 }, () => new RawClient(url));
    for (const client of clients) client.send(`${head(100)}{`);
    await delay(200);
    for (let i = 0; i < 8; i++) expect((await post(`${url}/predict`, { text: 'a' })).status).toBe(200);
    await Promise.all(clients.map(({ closed }) => closed));
    for (const { received } of clients) {
      expect(received).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
      expect(problemOf(received)).toBe('request-timeout');
    }
  });

  test('an incomplete header is answered with 408 and closed', async () => {
    const { url } = await serve({ REQUEST_TIMEOUT_MS: '500' });
    const client = new RawClient(url);
    client.send('POST /predict HTTP/1.1\r\nhost: x\r\n');
    await client.closed;
    expect(client.received === '' || problemOf(client.received) === 'request-timeout').toBe(true);
  });

  test('a header that is too large is answered with 431', async () => {
    const { url } = await serve();
    const client = new RawClient(url);
    client.send(`GET /livez HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`);
    await client.closed;
    expect(client.received).toMatch(/^HTTP\/1\.1 431 /);
    expect(problemOf(client.received)).toBe('headers-too-large');
  });

  test('a client that does not read its answers loses its connection', async () => {
    const { url } = await serve({ REQUEST_TIMEOUT_MS: '500' });
    const client = new RawClient(url);
    client.socket.pause();
    client.send('GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(20));
    await delay(2_500);
    client.socket.resume();
    await client.closed;
    // Less than one of the 20 files was in flight when the connection was closed.
    expect(client.received.length).toBeLessThan(10_000_000);
  });

  test('an idle connection stays open for KEEP_ALIVE_TIMEOUT_MS', async () => {
    const { url } = await serve({ KEEP_ALIVE_TIMEOUT_MS: '300', REQUEST_TIMEOUT_MS: '60000' });
    const client = new RawClient(url);
    client.send('GET /livez HTTP/1.1\r\nhost: x\r\n\r\n');
    const started = performance.now();
    await client.closed;
    expect(client.received).toContain('200 OK');
    expect(performance.now() - started).toBeGreaterThan(250);
  });

  test('MAX_CONNECTIONS_PER_ADDRESS closes further connections of the address', async () => {
    const { url } = await serve({ MAX_CONNECTIONS_PER_ADDRESS: '2' });
    const first = [new RawClient(url), new RawClient(url)];
    for (const { socket } of first) await once(socket, 'connect');
    await delay(50);
    const third = new RawClient(url);
    await third.closed;
    first[0]!.socket.destroy();
    await delay(100);
    const next = new RawClient(url);
    next.send('GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    await next.closed;
    expect(next.received).toContain('200 OK');
  });
});

describe('MAX_BYTES_IN_FLIGHT', () => {
  test('gives up the slowest body, so that others are served', async () => {
    const { url } = await serve({ MAX_BYTES_IN_FLIGHT: '200000', MAX_BODY_BYTES: '100000' });
    const clients = Array.from({ length: 4 }, () => new RawClient(url));
    for (const client of clients) {
      client.send(`${head(90_000)}{"text":"${'x'.repeat(70_000)}`);
      await delay(100);
    }
    await Promise.all(clients.slice(0, 2).map(({ closed }) => closed));
    for (const { received } of clients.slice(0, 2)) {
      expect(received).toMatch(/^HTTP\/1\.1 503 /);
      expect(problemOf(received)).toBe('overloaded');
    }
    expect(clients[3]!.received).toBe('');
    expect((await post(`${url}/predict`, { text: 'x'.repeat(30_000) })).status).toBe(200);
  });

  test('counts nothing after the end of all requests', () => {
    const budget = createByteBudget(100);
    const cancelled: number[] = [];
    const holds = [0, 1, 2].map((at) => {
      const held = budget.hold(() => {
        cancelled.push(at);
        held.end();
      });
      return held;
    });
    holds[0]!.add(60);
    holds[1]!.add(30);
    expect(cancelled).toEqual([]);
    holds[2]!.add(20);
    expect(cancelled).toEqual([0]);
    holds[1]!.end();
    holds[2]!.end();
    budget.take(90);
    const next = budget.hold(() => {
      cancelled.push(3);
      next.end();
    });
    next.add(20);
    expect(cancelled).toEqual([0, 3]);
    budget.release(90);
    const last = budget.hold(() => cancelled.push(4));
    last.add(100);
    expect(cancelled).toEqual([0, 3]);
  });
});
