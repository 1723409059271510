import { now } from './clock.ts';
import type { Connection, ConnectionEvents, LostRequest } from './connection.ts';
import type { LoadLevel, Outcome } from './outcome.ts';
import type { Pacer } from './pacer.ts';

/** Sends requests to one target. Its connections stay open from one run to the next. */
export interface Sender {
  /** Sends requests for `durationMs`, then waits until each of them is answered or has timed out. */
  run(loadLevel: LoadLevel, durationMs: number, signal: AbortSignal): Promise<void>;
  /** Closes the connections. */
  close(): void;
}

/** Options of `createSender`. */
export interface SenderOptions {
  readonly pacer: Pacer;
  /** The bodies of the requests. They are sent in order, again from the first after the last. */
  readonly bodies: readonly Buffer[];
  readonly timeoutMs: number;
  /** The limit on connections in an open loop. They are opened as needed; further requests wait in the queue. */
  readonly maxConnections: number;
  readonly open: (events: ConnectionEvents) => Connection;
  readonly onOutcome: (outcome: Outcome) => void;
}

/** A request that is due. Times are in milliseconds of `now()`. */
interface PendingRequest {
  readonly text: number;
  /** Undefined in a closed loop. */
  readonly due: number | undefined;
  readonly noticed: number | undefined;
  /** The time at which a connection took the request. It may have to be opened first. */
  taken: number;
  sent: number | undefined;
  retried: boolean;
}

/** The time between two searches for requests above the timeout. */
const SWEEP_MS = 20;
const MAX_PAUSE_MS = 1_000;

/** Creates a sender. */
export function createSender({ pacer, bodies, timeoutMs, maxConnections, open, onOutcome }: SenderOptions): Sender {
  const connections = new Set<Connection>();
  const idle: Connection[] = [];
  const inFlight = new Map<Connection, PendingRequest>();
  const queue: PendingRequest[] = [];
  let nextText = 0;
  let from = 0;
  /** Returns the number of requests that a closed loop keeps in flight: 0 outside of one. */
  let loopSize = () => 0;
  let refusedInARow = 0;
  let onDrained = () => {};

  return {
    run,
    close() {
      for (const connection of connections) connection.close();
    },
  };

  async function run(loadLevel: LoadLevel, durationMs: number, signal: AbortSignal): Promise<void> {
    from = now();
    const sweep = setInterval(() => expire(now() - timeoutMs), SWEEP_MS);
    if ('rate' in loadLevel) await openLoop(loadLevel.rate, durationMs, signal);
    else await closedLoop(loadLevel.connections, durationMs, signal);
    await drain();
    clearInterval(sweep);
  }

  /** Makes requests due at fixed times, independent of the answers to earlier ones. */
  async function openLoop(rate: number, durationMs: number, signal: AbortSignal): Promise<void> {
    const intervalMs = 1_000 / rate;
    const count = Math.round((rate * durationMs) / 1_000);
    await pacer.run({ from, intervalMs, count }, signal, (number) => {
      queue.push(newRequest(from + number * intervalMs, now()));
      dispatch();
    });
    await sleep(from + durationMs - now(), signal);
  }

  /** Sends the next request on a connection as soon as the last one is answered. */
  async function closedLoop(count: number, durationMs: number, signal: AbortSignal): Promise<void> {
    loopSize = () => (!signal.aborted && now() < from + durationMs ? count : 0);
    while (connections.size < count) openNext();
    for (const connection of idle.splice(0, count)) continueLoop(connection);
    await sleep(from + durationMs - now(), signal);
    loopSize = () => 0;
  }

  /** Waits until no request is queued or in flight. The sweep ends those that have no answer in time. */
  async function drain(): Promise<void> {
    if (inFlight.size === 0 && queue.length === 0) return;
    await new Promise<void>((resolve) => {
      onDrained = resolve;
    });
    onDrained = () => {};
  }

  function newRequest(due?: number, noticed?: number): PendingRequest {
    const text = nextText;
    nextText = (nextText + 1) % bodies.length;
    return { text, due, noticed, taken: 0, sent: undefined, retried: false };
  }

  function openNext(): void {
    const connection = open({ onSent, onAnswer, onLost });
    connections.add(connection);
    idle.push(connection);
  }

  /** Sends queued requests on idle connections. The connection that was used last is taken first, so that few are needed. */
  function dispatch(): void {
    while (queue.length > 0) {
      if (idle.length === 0 && connections.size < maxConnections) openNext();
      const connection = idle.pop();
      if (connection === undefined) return;
      send(connection, queue.shift()!);
    }
  }

  function send(connection: Connection, request: PendingRequest): void {
    request.taken = now();
    request.sent = undefined;
    inFlight.set(connection, request);
    connection.send(bodies[request.text]!);
  }

  function onSent(connection: Connection, time: number): void {
    refusedInARow = 0;
    const request = inFlight.get(connection);
    if (request !== undefined) request.sent = time;
  }

  function onAnswer(connection: Connection, status: number, body: string, time: number): void {
    const request = inFlight.get(connection);
    inFlight.delete(connection);
    goOn(connection);
    if (request !== undefined) finish(request, { status, body }, time);
  }

  function onLost(connection: Connection, { reason, refused, stale }: LostRequest): void {
    const request = inFlight.get(connection);
    inFlight.delete(connection);
    if (request !== undefined && stale && !request.retried) {
      request.retried = true;
      queue.unshift(request);
    } else if (request !== undefined) {
      finish(request, { lost: reason }, now());
    }
    // Otherwise a closed loop would try an absent server thousands of times a second.
    if (refused) refusedInARow += 1;
    setTimeout(goOn, refused && loopSize() > 0 ? Math.min(MAX_PAUSE_MS, 10 * refusedInARow) : 0, connection);
  }

  /** Gives the next request to a connection, or makes it idle. */
  function goOn(connection: Connection): void {
    const request = queue.shift();
    if (request !== undefined) send(connection, request);
    else continueLoop(connection);
  }

  function continueLoop(connection: Connection): void {
    if (inFlight.size < loopSize()) send(connection, newRequest());
    else idle.push(connection);
  }

  /** Fails the requests that were due or sent before `earliest`. */
  function expire(earliest: number): void {
    let expired = 0;
    while (expired < queue.length && queue[expired]!.due! < earliest) expired += 1;
    for (const request of queue.splice(0, expired)) finish(request, { lost: 'timeout' }, now());
    for (const [connection, { taken, sent }] of inFlight) if ((sent ?? taken) < earliest) connection.giveUp();
  }

  function finish({ text, due, noticed, sent }: PendingRequest, answer: Outcome['answer'], time: number): void {
    onOutcome({
      text,
      due: (due ?? sent ?? time) - from,
      ...(noticed !== undefined && { noticed: noticed - from }),
      ...(sent !== undefined && { sent: sent - from }),
      done: time - from,
      answer,
    });
    if (inFlight.size === 0 && queue.length === 0) onDrained();
  }
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const timer = setTimeout(end, Math.max(0, milliseconds));
    signal.addEventListener('abort', end);
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    }
  });
}
