import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

/** How a server misbehaves; `number` counts its requests from 1. */
export interface Faults {
  /** For how many milliseconds it holds a request back. */
  readonly hold?: () => number;
  readonly label?: (text: string, number: number) => string;
  readonly status?: (number: number, request: IncomingMessage) => number;
  /** Answers nothing, and ends the connection. */
  readonly hangUp?: (number: number) => boolean;
  readonly metrics?: () => string;
}

export interface PlantedServer {
  readonly url: string;
  readonly requests: () => number;
}

/** A stand-in for a classifier, since a real one does not misbehave when told to; it ends after the test. */
export async function plant(faults: Faults = {}): Promise<PlantedServer> {
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
    requests += 1;
    const number = requests;
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { text } = JSON.parse(Buffer.concat(chunks).toString()) as { text: string };
    await delay(faults.hold?.() ?? 0);
    if (faults.hangUp?.(number) === true) {
      request.socket.destroy();
      return;
    }
    const prediction = faults.label?.(text, number) ?? 'ham';
    response.writeHead(faults.status?.(number, request) ?? 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ prediction, model: { name: 'planted', version: '1' }, detail: 'as planted' }));
  }
}

/** Every second it answers nothing for 300 ms; what comes meanwhile is answered at the end of that time. */
export function stallEachSecond(): number {
  const into = performance.now() % 1_000;
  return into < 300 ? 300 - into : 0;
}
