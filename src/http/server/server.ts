import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, Server as NetServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../../platform/config.ts';
import { toListenError, urlOf } from '../../platform/listen-address.ts';
import type { Log } from '../../telemetry/logs/log.ts';
import { answerMalformed, closeUnread, limitConnectionsPerAddress } from './connections.ts';
import { type ConnectionSource, serveHandedConnections } from './handed-connections.ts';
import { followTlsFiles, readTlsFiles, type TlsSettings } from './tls-files.ts';

/** A listening server. */
export interface HttpServer {
  /** The URL of the server, as `http://HOST:PORT` or `https://HOST:PORT`. It is empty if another process owns the port. */
  readonly url: string;
  /**
   * Answers the requests in progress and closes. After `timeoutMs` milliseconds it closes the remaining connections.
   */
  drain(timeoutMs: number): Promise<void>;
}

/** The settings of a server. */
export type ServerSettings = Pick<
  Config,
  'REQUEST_TIMEOUT_MS' | 'KEEP_ALIVE_TIMEOUT_MS' | 'SHUTDOWN_DELAY_MS' | 'MAX_CONNECTIONS_PER_ADDRESS'
> &
  TlsSettings;

/** The address of a server. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** The names of the settings of host and port, for errors. */
  readonly settings?: { readonly host: string; readonly port: string };
}

/** The time in milliseconds within which the header of a request must arrive. */
const HEADERS_TIMEOUT_MS = 10_000;

/** The longest time in milliseconds between two searches for requests that take too long. */
const MAX_CHECK_INTERVAL_MS = 5_000;

/**
 * The time in milliseconds that open connections then stay as they are. A client connects again at once after a
 * response with `connection: close`. It must not reach another process that is about to close the same port.
 */
const KEEP_CONNECTIONS_MS = 100;

/** The time in milliseconds that requests on open connections are then answered with `connection: close`. */
const LAST_REQUESTS_MS = 250;

/**
 * Listens for HTTP requests, with TLS if its files are set. A client that is too slow loses its connection: its request must arrive within
 * `REQUEST_TIMEOUT_MS`, and it must not stop reading its answer for so long.
 *
 * @param onError gets the errors after the start, such as those of connections that cannot be accepted.
 * @param log gets changes of the files of TLS
 * @param source the connections to serve, if another process owns the port
 * @throws {ConfigError} if the server cannot listen on the address, or if the files of TLS cannot be used
 */
export async function listen(
  handler: RequestListener,
  address: ServerAddress,
  config: ServerSettings,
  onError: (error: Error) => void,
  log: Log,
  source?: ConnectionSource,
): Promise<HttpServer> {
  const requestTimeout = config.REQUEST_TIMEOUT_MS;
  const options = {
    requestTimeout,
    headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeout),
    connectionsCheckingInterval: Math.min(MAX_CHECK_INTERVAL_MS, requestTimeout),
    keepAliveTimeout: config.KEEP_ALIVE_TIMEOUT_MS,
  };
  const tls = await readTlsFiles(config);
  const secure = tls && createTlsServer({ ...options, ...tls, handshakeTimeout: options.headersTimeout }, handler);
  const server = secure ?? createServer(options, handler);
  server.on('clientError', answerMalformed);
  server.setTimeout(requestTimeout, closeUnread);
  if (config.MAX_CONNECTIONS_PER_ADDRESS !== undefined) {
    limitConnectionsPerAddress(server, config.MAX_CONNECTIONS_PER_ADDRESS);
  }
  const stopConnections = source && serveHandedConnections(server, source);
  if (!source) await listenOn(server, address, onError);

  const stopFollowing = secure && followTlsFiles(config, (changed) => secure.setSecureContext(changed), log);

  return {
    url: source ? '' : urlOf(server.address() as AddressInfo, secure ? 'https' : 'http'),
    async drain(timeoutMs) {
      stopFollowing?.();
      const deadline = performance.now() + timeoutMs;
      const wait = (milliseconds: number) => delay(Math.max(Math.min(milliseconds, deadline - performance.now()), 0));
      await wait(config.SHUTDOWN_DELAY_MS);
      const closed = stopConnections ? Promise.race([stopConnections(), wait(timeoutMs)]) : closeServer(server);
      await Promise.race([closed, wait(KEEP_CONNECTIONS_MS)]);
      server.prependListener('request', (_, response) => response.setHeader('connection', 'close'));
      await Promise.race([closed, wait(LAST_REQUESTS_MS)]);
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), Math.max(deadline - performance.now(), 0));
      await closed;
      clearTimeout(timer);
    },
  };
}

function listenOn(server: Server, { host, port, settings }: ServerAddress, onError: (error: Error) => void) {
  return new Promise<void>((resolve, reject) => {
    const rejectStart = (error: NodeJS.ErrnoException) => reject(toListenError(error, host, port, settings));
    server.once('error', rejectStart);
    server.listen({ host, port }, () => {
      server.off('error', rejectStart);
      server.on('error', onError);
      resolve();
    });
  });
}

/** Accepts no more connections, and resolves when all are closed. */
function closeServer(server: Server): Promise<void> {
  // close() of node:http also closes idle connections, on which requests may be arriving.
  return new Promise((resolve) => NetServer.prototype.close.call(server, () => resolve()));
}
