import { type Connection, type LostRequest, openConnection } from './connection.ts';

/** A request that has an answer, or that will never have one. Times are in milliseconds of `performance.now()`. */
export interface Outcome {
  /** The index of the text that was sent. */
  readonly text: number;
  /** The time at which the request was due: set by the rate in an open loop, equal to `sent` in a closed loop. */
  readonly due: number;
  /** The time at which the request was sent. It is missing if no connection became free in time. */
  readonly sent?: number;
  /** The time at which the request was answered or given up. */
  readonly done: number;
  readonly answer: { readonly status: number; readonly body: string } | { readonly lost: string };
}

/** The load to apply: requests per second in an open loop, or a number of busy connections in a closed loop. */
export type LoadLevel = { readonly rate: number } | { readonly connections: number };

/** Callbacks for the events of a run. */
export interface OutcomeListener {
  onOutcome(outcome: Outcome): void;
  /** Reports the milliseconds between the time at which a request was due and the time at which the timer fired. */
  onLateness(milliseconds: number): void;
}

/** A load generator for one target. */
export interface Generator {
  /** Sends requests for `durationMs`, then waits until each of them is answered or has timed out. */
  run(loadLevel: LoadLevel, durationMs: number, listener: OutcomeListener, signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Options of `createGenerator`. */
export interface GeneratorOptions {
  readonly target: URL;
  readonly timeoutMs: number;
  /**
   * The limit on connections in an open loop. The generator opens them as needed; further requests wait in the queue.
   */
  readonly maxConnections: number;
  /** The number of texts. Texts are sent in order, again from the first after the last. */
  readonly texts: number;
  /** Returns the bytes of the HTTP request for a text. */
  readonly requestOf: (text: number) => Buffer;
}

interface PendingRequest {
  readonly text: number;
  readonly due: number;
  sent?: number;
  retried?: boolean;
}

/** Creates a generator that sends requests to one target. Its connections stay open from one run to the next. */
export function createGenerator({ target, timeoutMs, maxConnections, texts, requestOf }: GeneratorOptions): Generator {
  const idle: Connection[] = [];
  const open = new Set<Connection>();
  const inFlight = new Map<Connection, PendingRequest>();
  const queue: PendingRequest[] = [];
  let nextText = 0;
  /** The limit on requests in flight; finite only in a closed loop. */
  let maxInFlight = Infinity;
  /** Creates the next request of a closed loop, or returns `undefined` once its time is over. */
  let createNext: (() => PendingRequest | undefined) | undefined;
  let listener: OutcomeListener;
  let onDrained = () => {};
  /** The reason for the last refused connection; cleared when a connection is accepted. */
  let refusal: string | undefined;

  return { run, close };

  async function run(
    loadLevel: LoadLevel,
    durationMs: number,
    outcomeListener: OutcomeListener,
    signal: AbortSignal,
  ): Promise<void> {
    listener = outcomeListener;
    const from = performance.now();
    if ('rate' in loadLevel) await openLoop(loadLevel.rate, from, durationMs, signal);
    else await closedLoop(loadLevel.connections, from + durationMs, signal);
    createNext = undefined;
    maxInFlight = Infinity;
    await drain();
  }

  /** Makes requests due at fixed times, independent of the answers to earlier ones. */
  async function openLoop(rate: number, from: number, durationMs: number, signal: AbortSignal): Promise<void> {
    const count = Math.round((rate * durationMs) / 1_000);
    const dueAt = (number: number) => from + (number * 1_000) / rate;
    let number = 0;
    while (number < count && !signal.aborted) {
      await sleep(Math.max(1, dueAt(number) - performance.now()));
      const now = performance.now();
      for (; number < count && dueAt(number) <= now; number += 1) {
        const due = dueAt(number);
        listener.onLateness(now - due);
        queue.push({ text: takeText(), due });
      }
      expire(now);
      dispatch();
    }
    if (!signal.aborted) await sleep(from + durationMs - performance.now());
  }

  /** Sends the next request on a connection as soon as the last one is answered. */
  async function closedLoop(connections: number, until: number, signal: AbortSignal): Promise<void> {
    maxInFlight = connections;
    createNext = () => {
      const now = performance.now();
      return now < until && !signal.aborted ? { text: takeText(), due: now } : undefined;
    };
    while (open.size < connections) openNext();
    for (const connection of idle.splice(0, connections)) onReady(connection);
    while (performance.now() < until && !signal.aborted) await sleep(Math.min(50, until - performance.now()));
  }

  /** Waits until no request is queued or in flight; after the timeout, the remaining ones have failed. */
  async function drain(): Promise<void> {
    const deadline = performance.now() + timeoutMs + 1_000;
    while ((inFlight.size > 0 || queue.length > 0) && performance.now() < deadline) {
      await new Promise<void>((resolve) => {
        onDrained = resolve;
        setTimeout(resolve, 20);
      });
      expire(performance.now());
    }
    for (const request of [...queue.splice(0), ...inFlight.values()]) finish(request, { lost: refusal ?? 'timeout' });
    inFlight.clear();
  }

  function takeText(): number {
    const text = nextText;
    nextText = (nextText + 1) % texts;
    return text;
  }

  function openNext(): void {
    open.add(openConnection(target, timeoutMs, { onReady, onAnswer, onDisconnect, onRefused }));
  }

  function dispatch(): void {
    let taken = 0;
    while (taken < queue.length && idle.length > 0) send(idle.pop()!, queue[taken++]!);
    queue.splice(0, taken);
    const missing = queue.length - (open.size - inFlight.size);
    for (let more = Math.min(missing, maxConnections - open.size); more > 0; more -= 1) openNext();
  }

  function send(connection: Connection, request: PendingRequest): void {
    request.sent = performance.now();
    inFlight.set(connection, request);
    connection.send(requestOf(request.text));
  }

  function onReady(connection: Connection): void {
    refusal = undefined;
    const request = inFlight.size < maxInFlight ? (queue.shift() ?? createNext?.()) : undefined;
    if (request === undefined) idle.push(connection);
    else send(connection, request);
  }

  function onAnswer(connection: Connection, status: number, body: string): void {
    const request = inFlight.get(connection);
    inFlight.delete(connection);
    if (request !== undefined) finish(request, { status, body });
  }

  function onDisconnect(connection: Connection, lost?: LostRequest): void {
    const index = idle.indexOf(connection);
    if (index !== -1) idle.splice(index, 1);
    const request = inFlight.get(connection);
    inFlight.delete(connection);
    if (request === undefined || lost === undefined) return;
    if (lost.stale && request.retried !== true) queue.unshift({ ...request, retried: true });
    else finish(request, { lost: lost.reason });
  }

  /** Fails one request of a closed loop. In an open loop, queued requests fail by their timeout instead. */
  function onRefused(_connection: Connection, reason: string): void {
    refusal = reason;
    const request = createNext?.();
    if (request !== undefined) finish(request, { lost: reason });
  }

  /** Fails the requests that were queued for longer than the timeout, although they were never sent. */
  function expire(now: number): void {
    let expired = 0;
    while (expired < queue.length && now - queue[expired]!.due > timeoutMs) expired += 1;
    for (const request of queue.splice(0, expired)) finish(request, { lost: refusal ?? 'timeout' });
  }

  function finish({ text, due, sent }: PendingRequest, answer: Outcome['answer']): void {
    listener.onOutcome({ text, due, ...(sent !== undefined && { sent }), done: performance.now(), answer });
    if (inFlight.size === 0 && queue.length === 0) onDrained();
  }

  function close(): void {
    for (const connection of open) connection.close();
    open.clear();
    idle.length = 0;
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, milliseconds));
  });
}
