import { Client, type Dispatcher } from 'undici';
import { now } from './clock.ts';

/** A request without an answer. */
export interface LostRequest {
  /** `timeout`, an error code such as `ECONNREFUSED`, or `closed`. */
  readonly reason: string;
  /** True if the target did not accept the connection. */
  readonly refused: boolean;
  /**
   * True if the connection was idle before the request was sent. A server may close an idle connection at any time, and
   * a client may retry such a request once (RFC 9112, section 9.3.1).
   */
  readonly stale: boolean;
}

/** Callbacks for the events of a connection. After an answer or a loss, the next request can be sent. */
export interface ConnectionEvents {
  /** Reports that the request is being written. The time is one of `now()`. */
  onSent(connection: Connection, time: number): void;
  /** Reports the complete answer. */
  onAnswer(connection: Connection, status: number, body: string, time: number): void;
  onLost(connection: Connection, lost: LostRequest): void;
}

/** A keep-alive connection to the target with one request at a time. It is opened when it is needed. */
export interface Connection {
  /** Sends a request. Allowed only while none is in flight. */
  send(body: Buffer): void;
  /** Gives up the request in flight, which is then lost by a timeout. */
  giveUp(): void;
  close(): void;
}

/** The parts that all requests to a target share. */
export interface Target {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

const IDLE_MS = 1_000;
/** The time for which an idle connection is kept, if the server does not name another one. */
const KEEP_ALIVE_MS = 60_000;

/** Opens a connection. */
export function openConnection(
  { origin, path, headers }: Target,
  timeoutMs: number,
  events: ConnectionEvents,
): Connection {
  // The sender limits the time of a request itself. Undici's limits are exact to a second.
  const client = new Client(origin, {
    pipelining: 1,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: { timeout: timeoutMs },
  });
  const options = { path, method: 'POST' as const, headers: Object.entries(headers).flat() };
  let request: Dispatcher.DispatchController | undefined;
  let status = 0;
  let chunks: Buffer[] = [];
  let sentAt = 0;
  let lastUsed = Number.POSITIVE_INFINITY;
  let timedOut = false;

  const connection: Connection = {
    send(body) {
      status = 0;
      timedOut = false;
      request = undefined;
      client.dispatch({ ...options, body }, handler);
    },
    giveUp() {
      timedOut = true;
      request?.abort(new Error('timeout'));
    },
    close: () => void client.destroy(),
  };
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(controller) {
      request = controller;
      sentAt = now();
      events.onSent(connection, sentAt);
    },
    onResponseStart(_, code) {
      status = code;
    },
    onResponseData(_, chunk) {
      chunks.push(chunk);
    },
    onResponseEnd() {
      const time = now();
      lastUsed = time;
      const body = (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString();
      chunks = [];
      events.onAnswer(connection, status, body, time);
    },
    onResponseError(_, error) {
      chunks = [];
      const stale = !timedOut && status === 0 && request !== undefined && sentAt - lastUsed > IDLE_MS;
      events.onLost(connection, {
        reason: timedOut ? 'timeout' : reasonOf(error),
        refused: request === undefined,
        stale,
      });
    },
  };
  return connection;
}

function reasonOf({ code, cause }: Error & { code?: string }): string {
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return 'timeout';
  if (code !== undefined && code !== 'UND_ERR_SOCKET') return code;
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? 'closed';
}
