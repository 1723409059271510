import { type Connection, type Loss, openConnection } from './connection.ts';

/** A request that has its answer, or will never have one. Times in milliseconds of `performance.now()`. */
export interface Outcome {
  /** The number of the text that was sent. */
  readonly text: number;
  /** When it was due to be sent: in an open loop by the rate, in a closed loop when it was sent. */
  readonly due: number;
  /** When it was sent; missing where no connection came free in time. */
  readonly sent?: number;
  readonly done: number;
  readonly answer: { readonly status: number; readonly body: string } | { readonly lost: string };
}

/** So many requests a second, or as many as so many connections get answered. */
export type Pressure = { readonly rate: number } | { readonly connections: number };

export interface Listener {
  onOutcome(outcome: Outcome): void;
  /** By how many milliseconds this process itself was late to notice that a request is due. */
  onLateness(milliseconds: number): void;
}

export interface Generator {
  /** Sends for so long, then waits until everything sent is answered or timed out. */
  run(pressure: Pressure, durationMs: number, listener: Listener, signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface GeneratorOptions {
  readonly target: URL;
  readonly timeoutMs: number;
  /** An open loop opens connections as it needs them, up to so many; beyond, requests that are due wait in line. */
  readonly mostConnections: number;
  readonly texts: number;
  /** The bytes of the request that sends a text. */
  readonly requestOf: (text: number) => Buffer;
}

interface Sending {
  readonly text: number;
  readonly due: number;
  sent?: number;
  again?: boolean;
}

/** Sends requests to one target, keeping its connections from one run to the next. */
export function createGenerator({ target, timeoutMs, mostConnections, texts, requestOf }: GeneratorOptions): Generator {
  const idle: Connection[] = [];
  const open = new Set<Connection>();
  const underWay = new Map<Connection, Sending>();
  const line: Sending[] = [];
  let nextText = 0;
  /** In a closed loop: how many requests may be under way, and the next one. */
  let most = Infinity;
  let feed: (() => Sending | undefined) | undefined;
  let listener: Listener;
  let onSettled = () => {};
  /** Why the last connection was refused, until one is accepted. */
  let refusal: string | undefined;

  return { run, close };

  async function run(pressure: Pressure, durationMs: number, hear: Listener, signal: AbortSignal): Promise<void> {
    listener = hear;
    const from = performance.now();
    if ('rate' in pressure) await openLoop(pressure.rate, from, durationMs, signal);
    else await closedLoop(pressure.connections, from + durationMs, signal);
    feed = undefined;
    most = Infinity;
    await settled();
  }

  /** A request is due at its time, whatever became of those before it. */
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
        line.push({ text: takeText(), due });
      }
      expire(now);
      dispatch();
    }
    if (!signal.aborted) await sleep(from + durationMs - performance.now());
  }

  /** The next request goes when one is answered. */
  async function closedLoop(connections: number, until: number, signal: AbortSignal): Promise<void> {
    most = connections;
    feed = () => {
      const now = performance.now();
      return now < until && !signal.aborted ? { text: takeText(), due: now } : undefined;
    };
    while (open.size < connections) openOne();
    for (const connection of idle.splice(0, connections)) onReady(connection);
    while (performance.now() < until && !signal.aborted) await sleep(Math.min(50, until - performance.now()));
  }

  async function settled(): Promise<void> {
    const deadline = performance.now() + timeoutMs + 1_000;
    while ((underWay.size > 0 || line.length > 0) && performance.now() < deadline) {
      await new Promise<void>((resolve) => {
        onSettled = resolve;
        setTimeout(resolve, 20);
      });
      expire(performance.now());
    }
    for (const sending of [...line.splice(0), ...underWay.values()]) finish(sending, { lost: refusal ?? 'timeout' });
    underWay.clear();
  }

  function takeText(): number {
    const text = nextText;
    nextText = (nextText + 1) % texts;
    return text;
  }

  function openOne(): void {
    open.add(openConnection(target, timeoutMs, { onReady, onAnswer, onDown, onRefused }));
  }

  function dispatch(): void {
    let taken = 0;
    while (taken < line.length && idle.length > 0) send(idle.pop()!, line[taken++]!);
    line.splice(0, taken);
    const missing = line.length - (open.size - underWay.size);
    for (let more = Math.min(missing, mostConnections - open.size); more > 0; more -= 1) openOne();
  }

  function send(connection: Connection, sending: Sending): void {
    sending.sent = performance.now();
    underWay.set(connection, sending);
    connection.send(requestOf(sending.text));
  }

  function onReady(connection: Connection): void {
    refusal = undefined;
    const sending = underWay.size < most ? (line.shift() ?? feed?.()) : undefined;
    if (sending === undefined) idle.push(connection);
    else send(connection, sending);
  }

  function onAnswer(connection: Connection, status: number, body: string): void {
    const sending = underWay.get(connection);
    underWay.delete(connection);
    if (sending !== undefined) finish(sending, { status, body });
  }

  function onDown(connection: Connection, loss?: Loss): void {
    const place = idle.indexOf(connection);
    if (place !== -1) idle.splice(place, 1);
    const sending = underWay.get(connection);
    underWay.delete(connection);
    if (sending === undefined || loss === undefined) return;
    if (loss.stale && sending.again !== true) line.unshift({ ...sending, again: true });
    else finish(sending, { lost: loss.reason });
  }

  /** In an open loop the requests in line run out of time; in a closed one there is no line. */
  function onRefused(_connection: Connection, reason: string): void {
    refusal = reason;
    const sending = feed?.();
    if (sending !== undefined) finish(sending, { lost: reason });
  }

  /** Those that waited in line for longer than a request may take have failed, though they were never sent. */
  function expire(now: number): void {
    let late = 0;
    while (late < line.length && now - line[late]!.due > timeoutMs) late += 1;
    for (const sending of line.splice(0, late)) finish(sending, { lost: refusal ?? 'timeout' });
  }

  function finish({ text, due, sent }: Sending, answer: Outcome['answer']): void {
    listener.onOutcome({ text, due, ...(sent !== undefined && { sent }), done: performance.now(), answer });
    if (underWay.size === 0 && line.length === 0) onSettled();
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
