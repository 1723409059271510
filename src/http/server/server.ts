import { createServer, type RequestListener, STATUS_CODES } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '../../platform/config.ts';
import { Problem, problemDetails } from '../../platform/problems.ts';

export interface HttpServer {
  /** Where it listens, as `http://HOST:PORT`. */
  readonly url: string;
  /** Answers what is under way, then closes; after `timeoutMs` what is left is cut off. */
  drain(timeoutMs: number): Promise<void>;
}

/** A request that takes longer to arrive is answered with 408. */
const REQUEST_TIMEOUT_MS = 30_000;

/** How long new connections are still taken after the service has become unready, so that callers can turn away. */
const LAME_DUCK_MS = 250;

/**
 * How long open connections are then kept as they are. Who is told that a response was the last connects anew at once, and
 * must not get through to another process that is just about to close the same port.
 */
const ALL_CLOSE_MS = 100;

/** How long open connections are after that still answered, each response telling its client that it was the last. */
const LAST_REQUESTS_MS = 250;

/**
 * Listens for HTTP requests.
 *
 * @param settings the names of the settings that the address came from
 * @throws {ConfigError} if the address cannot be had
 */
export async function listen(
  handler: RequestListener,
  host: string,
  port: number,
  settings = { host: 'HOST', port: 'PORT' },
): Promise<HttpServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: 5_000 }, handler);
  server.on('clientError', answerMalformed);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(addressError(error, host, port, settings)));
    server.listen({ host, port }, resolve);
  });
  const { address, family, port: bound } = server.address() as AddressInfo;

  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    async drain(timeoutMs) {
      const deadline = AbortSignal.timeout(timeoutMs);
      await delay(Math.min(LAME_DUCK_MS, timeoutMs));
      // http's own close() also drops idle connections, and with them requests that are on their way.
      const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
      await Promise.race([closed, delay(Math.min(ALL_CLOSE_MS, timeoutMs))]);
      server.prependListener('request', (_, response) => response.setHeader('connection', 'close'));
      await Promise.race([closed, delay(Math.min(LAST_REQUESTS_MS, timeoutMs))]);
      server.closeIdleConnections();
      deadline.addEventListener('abort', () => server.closeAllConnections());
      if (deadline.aborted) server.closeAllConnections();
      await closed;
    },
  };
}

/** What to tell people of an address that cannot be listened on, by the names of the settings that it came from. */
export function addressError(
  error: NodeJS.ErrnoException,
  host: string,
  port: number,
  settings: { readonly host: string; readonly port: string },
): Error {
  if (error.code === 'EADDRINUSE')
    return new ConfigError(`${settings.port}: ${port} is in use on ${host}; allowed: a free port, or 0 for any`);
  if (error.code === 'EACCES')
    return new ConfigError(`${settings.port}: ${port} needs privileges; allowed: a port this user may open`);
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new ConfigError(`${settings.host}: ${JSON.stringify(host)} is not an address of this machine`);
  }
  return error;
}

/** What is not HTTP never reaches the application: it gets its problem here. */
function answerMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const details = problemDetails(
    new Problem('malformed-request', 'The request is not valid HTTP, or took too long to arrive.'),
  );
  const body = JSON.stringify(details);
  socket.end(
    `HTTP/1.1 ${details.status} ${STATUS_CODES[details.status]}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
