import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

/** The faults of a server. `number` counts its requests from 1. */
export interface Faults {
  /** Returns the delay of an answer, in milliseconds. */
  readonly delay?: () => number;
  readonly label?: (text: string, number: number) => string;
  readonly status?: (number: number, request: IncomingMessage) => number;
  /** Returns true to end the connection without an answer. */
  readonly hangUp?: (number: number) => boolean;
  readonly metrics?: () => string;
}

export interface FaultyServer {
  readonly url: string;
  readonly requests: () => number;
}

/** Starts a substitute for a classifier with the given faults. The server stops when the test finishes. */
export async function startFaultyServer(faults: Faults = {}): Promise<FaultyServer> {
  let requests = 0;
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests: () => requests };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === '/metrics') {
      response.writeHead(faults.metrics === undefined ? 404 : 200).end(faults.metrics?.());
      return;
    }
    if (request.method !== 'POST') {
      response.writeHead(404).end();
      return;
    }
    requests += 1;
    const number = requests;
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { text } = JSON.parse(Buffer.concat(chunks).toString()) as { text: string };
    await delay(faults.delay?.() ?? 0);
    if (faults.hangUp?.(number) === true) {
      request.socket.destroy();
      return;
    }
    const prediction = faults.label?.(text, number) ?? 'ham';
    response.writeHead(faults.status?.(number, request) ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ prediction, model: { name: 'faulty', version: '1' }, detail: 'a planned fault' }));
  }
}

/** Returns the delay of a server that stalls for the first 300 ms of each second. */
export function stallEverySecond(): number {
  const millisecond = performance.now() % 1_000;
  return millisecond < 300 ? 300 - millisecond : 0;
}
