import { createServer, type RequestListener, STATUS_CODES } from 'node:http';
import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '../../platform/config.ts';
import { Problem, problemDetails } from '../../platform/problems.ts';

/** A listening server. */
export interface HttpServer {
  /** The URL of the server, as `http://HOST:PORT`. */
  readonly url: string;
  /**
   * Answers the requests in progress and closes. After `timeoutMs` milliseconds it closes the remaining connections.
   */
  drain(timeoutMs: number): Promise<void>;
}

/** The time in milliseconds within which a request must arrive. A later one is answered as malformed. */
const REQUEST_TIMEOUT_MS = 30_000;

/** The time in milliseconds from unready to the closed port. In it callers notice that the service is not ready. */
const UNREADY_MS = 250;

/**
 * The time in milliseconds that open connections then stay as they are. A client connects again at once after a
 * response with `connection: close`. It must not reach another process that is about to close the same port.
 */
const KEEP_CONNECTIONS_MS = 100;

/** The time in milliseconds that requests on open connections are then answered with `connection: close`. */
const LAST_REQUESTS_MS = 250;

/**
 * Listens for HTTP requests.
 *
 * @param settings the names of the settings of the address, for the error
 * @throws {ConfigError} if the server cannot listen on the address
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
    server.once('error', (error: NodeJS.ErrnoException) => reject(toListenError(error, host, port, settings)));
    server.listen({ host, port }, resolve);
  });
  const { address, family, port: bound } = server.address() as AddressInfo;

  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`,
    async drain(timeoutMs) {
      const deadline = AbortSignal.timeout(timeoutMs);
      await delay(Math.min(UNREADY_MS, timeoutMs));
      // close() of node:http also closes idle connections, on which requests may be arriving.
      const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
      await Promise.race([closed, delay(Math.min(KEEP_CONNECTIONS_MS, timeoutMs))]);
      server.prependListener('request', (_, response) => response.setHeader('connection', 'close'));
      await Promise.race([closed, delay(Math.min(LAST_REQUESTS_MS, timeoutMs))]);
      server.closeIdleConnections();
      deadline.addEventListener('abort', () => server.closeAllConnections());
      if (deadline.aborted) server.closeAllConnections();
      await closed;
    },
  };
}

/** Converts an error of `listen` to a `ConfigError` that names the setting. Returns other errors unchanged. */
export function toListenError(
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

/** Answers a request that is not HTTP. It does not reach the application. */
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
