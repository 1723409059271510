import Client from 'autocannon/lib/httpClient.js';

/** A request that got no answer. */
export interface Loss {
  /** `timeout`, an error's code such as `ECONNREFUSED`, or `closed`. */
  readonly reason: string;
  /**
   * The connection had been idle and ended just as the request was sent: servers close idle connections at a time of their
   * own choosing, and a client may send such a request once more (RFC 9112, section 9.3.1).
   */
  readonly stale: boolean;
}

export interface ConnectionEvents {
  /** A request can be sent. */
  onReady(connection: Connection): void;
  onAnswer(connection: Connection, status: number, body: string): void;
  /** It is no longer ready, and opened again; with the request that it takes along, if one was under way. */
  onDown(connection: Connection, loss?: Loss): void;
  onRefused(connection: Connection, reason: string): void;
}

/** One connection to the target: one request at a time, kept alive, opened again when it is lost. */
export interface Connection {
  /** Sends bytes that are a whole HTTP request; only after `onReady`. */
  send(request: Buffer): void;
  close(): void;
}

const longestPauseMs = 1_000;
const idleMs = 1_000;
/** autocannon's own timer runs while nothing is under way as well; this keeps it out of the way. */
const neverSeconds = 2_000_000;

/**
 * autocannon's client, told from outside when to send and what. By itself it sends the next request when the last one is
 * answered; here that is somebody else's decision, which is what makes an open loop possible.
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
    timeout: neverSeconds,
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
    // With nothing under way there is no answer to be had: servers say 408 to a connection that has sent nothing for long.
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
      if (connected) events.onDown(connection, loss());
      else events.onRefused(connection, lastError ?? 'closed');
      connected = false;
      // What is left of the old connection must not be taken for an answer on the new one.
      driven._destroyConnection();
      driven.parser.reinitialize(driven.parser.type);
      failedConnects += 1;
      const pause = failedConnects === 1 ? 0 : Math.min(longestPauseMs, 10 * 2 ** failedConnects);
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

  function loss(): Loss | undefined {
    clearTimeout(timer);
    if (request === undefined) return undefined;
    request = undefined;
    const reason = timedOut ? 'timeout' : (lastError ?? 'closed');
    const stale = !timedOut && sentAt - readyAt > idleMs;
    timedOut = false;
    return { reason, stale };
  }
}
