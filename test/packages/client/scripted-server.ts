import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request that the server received. */
export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Handles one request. */
type Step = (response: ServerResponse) => void;

/**
 * Starts a server that handles each request by the next step, and all later requests by the last step. It can fail in
 * ways in which the real service fails only by chance.
 */
export async function scriptedServer(...steps: Step[]): Promise<{ url: string; received: ReceivedRequest[] }> {
  const received: ReceivedRequest[] = [];
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

/** Responds with a value as JSON. */
export function respondWith(value: unknown, status = 200, headers: Record<string, string> = {}): Step {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
  };
}

/** Responds with problem details. */
export function respondWithProblem(type: string, status: number, headers: Record<string, string> = {}): Step {
  return respondWith(
    { type: `urn:waymark:problem:${type}`, title: 'A title', status, detail: 'A detail.', traceId: 'a1' },
    status,
    headers,
  );
}

/** Resets the connection without a response. */
export const resetConnection: Step = (response) => {
  response.socket?.resetAndDestroy();
};

/** Never responds. */
export const neverRespond: Step = () => undefined;
