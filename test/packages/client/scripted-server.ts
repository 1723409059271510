import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

type Step = (response: ServerResponse) => void;

/** A server that fails in a way of its own each time, as the real service would only by luck: one step a request, the last for all that follow. */
export async function scriptedServer(...steps: Step[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method = '', url = '', headers } = request;
    received.push({ method, url, headers, body });
    steps[Math.min(received.length, steps.length) - 1]?.(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

/** Answers with a value as JSON. */
export function answer(value: unknown, status = 200, headers: Record<string, string> = {}): Step {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
  };
}

/** Answers with a problem. */
export function problem(type: string, status: number, headers: Record<string, string> = {}): Step {
  return answer(
    { type: `urn:waymark:problem:${type}`, title: 'A title', status, detail: 'A detail.', traceId: 'a1' },
    status,
    headers,
  );
}

/** Breaks the connection without an answer. */
export const hangUp: Step = (response) => {
  response.socket?.resetAndDestroy();
};

/** Never answers. */
export const stall: Step = () => undefined;
