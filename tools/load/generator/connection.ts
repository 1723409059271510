import Client from 'autocannon/lib/httpClient.js';

/** A request that was in flight when its connection ended. */
export interface LostRequest {
  /** `timeout`, an error code such as `ECONNRESET`, or `closed`. */
  readonly reason: string;
  /**
   * True if the connection was idle before the request was sent. A server may close an idle connection at any time, and
   * a client may retry such a request once (RFC 9112, section 9.3.1).
   */
  readonly stale: boolean;
}

/** Callbacks for the events of a connection. */
export interface ConnectionEvents {
  /** Reports that a request can be sent. */
  onReady(connection: Connection): void;
  onAnswer(connection: Connection, status: number, body: string): void;
  /** Reports that the connection ended and is being reopened, and the request in flight, if there was one. */
  onDisconnect(connection: Connection, lost?: LostRequest): void;
  /** Reports that the target did not accept the connection. */
  onRefused(connection: Connection, reason: string): void;
}

/** A keep-alive connection to the target with one request at a time. It is reopened when it ends. */
export interface Connection {
  /** Sends the bytes of a complete HTTP request. Allowed only after `onReady`. */
  send(request: Buffer): void;
  close(): void;
}

const MAX_PAUSE_MS = 1_000;
const IDLE_MS = 1_000;
/**
 * The timeout given to autocannon: so long that it never fires, since autocannon also counts the time without a
 * request.
 */
const NO_TIMEOUT_SECONDS = 2_000_000;

/**
 * Opens a connection with autocannon's client. That client sends the next request when the last one is answered; here
 * the caller decides when to send, which makes an open loop possible.
 */
export function openConnection(target: URL, timeoutMs: number, events: ConnectionEvents): Connection {
  let request: Buffer | undefined;
  let readyAt = 0;
  let sentAt = 0;
  let timer: NodeJS.Timeout | undefined;
  let timedOut = false;
  let connected = false;
  let failedConnects = 0;
  let lastError: string | undefined;

  const connection: Connection = {
    send(bytes) {
      request = bytes;
      sentAt = performance.now();
      timer = setTimeout(giveUp, timeoutMs);
      sendNow();
    },
    close() {
      clearTimeout(timer);
      client.destroy();
    },
  };
  let sendNow = () => {};
  let reconnect = () => {};

  const client = new Client({
    protocol: target.protocol,
    hostname: target.hostname.replace(/^\[|\]$/g, ''),
    port: Number(target.port || (target.protocol === 'https:' ? 443 : 80)),
    timeout: NO_TIMEOUT_SECONDS,
    requests: [
      {
        onResponse(status, body) {
          request = undefined;
          clearTimeout(timer);
          events.onAnswer(connection, status, body);
        },
      },
    ],
    setupClient: drive,
  });
  client.on('connError', (error: NodeJS.ErrnoException) => {
    lastError = error.code ?? error.message;
  });
  return connection;

  function drive(driven: Client): void {
    const connect = driven._connect;
    const parse = driven.parser.execute.bind(driven.parser);
    // Without a request in flight, bytes are not an answer: servers send 408 on a connection that stays silent for too
    // long.
    driven.parser.execute = (bytes) => (request === undefined ? bytes.length : parse(bytes));
    sendNow = driven._doRequest.bind(driven);
    driven.getRequestBuffer = () => request!;
    driven._doRequest = () => {
      const socket = driven.conn!;
      if (!socket.connecting) ready();
      else socket.once(target.protocol === 'https:' ? 'secureConnect' : 'connect', ready);
    };
    driven._connect = reconnect = () => {
      if (driven.conn === undefined) {
        connect.call(driven);
        return;
      }
      if (connected) events.onDisconnect(connection, takeLostRequest());
      else events.onRefused(connection, lastError ?? 'closed');
      connected = false;
      // Otherwise bytes that are left of the old connection would be read as an answer on the new one.
      driven._destroyConnection();
      driven.parser.reinitialize(driven.parser.type);
      failedConnects += 1;
      const pause = failedConnects === 1 ? 0 : Math.min(MAX_PAUSE_MS, 10 * 2 ** failedConnects);
      setTimeout(() => {
        if (!driven.destroyed) connect.call(driven);
      }, pause);
    };
  }

  function ready(): void {
    connected = true;
    failedConnects = 0;
    lastError = undefined;
    readyAt = performance.now();
    events.onReady(connection);
  }

  function giveUp(): void {
    timedOut = true;
    reconnect();
  }

  function takeLostRequest(): LostRequest | undefined {
    clearTimeout(timer);
    if (request === undefined) return undefined;
    request = undefined;
    const reason = timedOut ? 'timeout' : (lastError ?? 'closed');
    const stale = !timedOut && sentAt - readyAt > IDLE_MS;
    timedOut = false;
    return { reason, stale };
  }
}
