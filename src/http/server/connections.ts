import { STATUS_CODES } from 'node:http';
import type { Server as NetServer, Socket } from 'node:net';
import { Problem, type ProblemType, problemDetails } from '../../platform/problems.ts';

/** The time in milliseconds that a client gets to read the last answer on a connection. */
const LAST_ANSWER_MS = 500;

/** The codes of requests that are not HTTP, with their problems. */
const FAULTS: Readonly<Record<string, readonly [ProblemType, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', 'The request took too long to arrive.'],
  HPE_HEADER_OVERFLOW: ['headers-too-large', 'The header of the request is longer than 16 KiB, the maximum.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['body-too-large', 'The chunk extensions of the body are too long.'],
};

/** A socket of node:http, with the response in progress. Node's own handler of these errors reads the same fields. */
type HttpSocket = Socket & { readonly _httpMessage?: { readonly headersSent: boolean } | null };

/** Answers a request that is not HTTP or not complete, and closes its connection. It does not reach the application. */
export function answerMalformed(error: NodeJS.ErrnoException, socket: HttpSocket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket._httpMessage?.headersSent) {
    socket.destroy();
    return;
  }
  const [type, fault] = FAULTS[error.code ?? ''] ?? ['malformed-request', 'The request is not valid HTTP.'];
  const details = problemDetails(new Problem(type, fault));
  const body = JSON.stringify(details);
  socket.end(
    `HTTP/1.1 ${details.status} ${STATUS_CODES[details.status]}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
  // Without this the connection would stay half open for as long as its client likes.
  setTimeout(() => socket.destroy(), LAST_ANSWER_MS).unref();
}

/**
 * Closes a connection on which nothing happens: it is idle, or its client does not read what was written to it. A request
 * that is still in progress keeps its connection.
 */
export function closeUnread(socket: HttpSocket): void {
  if (!socket._httpMessage || socket.writableLength > 0) socket.destroy();
}

/** Closes each new connection of an address that has `limit` connections already. */
export function limitConnectionsPerAddress(server: NetServer, limit: number): void {
  const counts = new Map<string, number>();
  server.prependListener('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = counts.get(address) ?? 0;
    if (count >= limit) {
      socket.destroy();
      return;
    }
    counts.set(address, count + 1);
    socket.once('close', () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left > 0) counts.set(address, left);
      else counts.delete(address);
    });
  });
}
