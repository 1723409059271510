import type { Worker } from 'node:cluster';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Config } from '../platform/config.ts';
import { toListenError, urlOf } from '../platform/listen-address.ts';
import type { ToSupervisor, ToWorker } from './messages.ts';

/** The number of connections that wait for a worker. Beyond it, the oldest one is closed. */
const MAX_WAITING = 1_024;

/** The time in milliseconds after which a worker is asked whether it has received a connection. */
const PROBE_MS = 1_000;

/**
 * The port that all workers share. The supervisor owns it, so that it stays open while workers end and others start, also
 * if all of them end at once. Connections then wait for the next worker.
 */
export interface SharedPort {
  /** Begins to listen, at the first call. Resolves to the URL. @throws {ConfigError} if the address cannot be used */
  open(): Promise<string>;
  /** Lets a worker that is ready have its turns. */
  add(worker: Worker): void;
  /** Gives the connection that an ended worker had not yet taken to another worker. */
  remove(worker: Worker): void;
  /** Closes the port as soon as the first worker wants no more connections. Those that wait are still served. */
  closeWithWorkers(): void;
}

/** A connection that was sent to a worker, and that the worker has not confirmed. */
interface Unconfirmed {
  readonly connection: number;
  readonly socket: Socket;
  askAt: number;
}

/**
 * Creates the port of the workers. Each connection goes to the worker that has been free for the longest time. A worker
 * gets the next one when it has confirmed the last one, so a worker that hangs holds up a single connection.
 *
 * @param onError gets the errors of connections that cannot be accepted
 */
export function createSharedPort(
  { HOST: host, PORT: port, TLS_CERT_FILE }: Pick<Config, 'HOST' | 'PORT'> & Partial<Pick<Config, 'TLS_CERT_FILE'>>,
  onError: (error: Error) => void,
): SharedPort {
  const members = new Set<Worker>();
  const free = new Set<Worker>();
  const unconfirmed = new Map<Worker, Unconfirmed>();
  const leaving = new Set<Worker>();
  const waiting: Socket[] = [];
  let connections = 0;
  let opened: Promise<string> | undefined;
  let isClosing = false;

  const server = createServer({ pauseOnConnect: true }, (socket) => {
    // A client may end its connection while it waits.
    socket.on('error', () => {});
    waiting.push(socket);
    if (waiting.length > MAX_WAITING) waiting.shift()?.destroy();
    distribute();
  });

  function distribute(): void {
    for (const worker of free) {
      const socket = waiting.shift();
      if (!socket) break;
      free.delete(worker);
      send(worker, socket);
    }
    if (!isClosing || server.listening || waiting.length > 0) return;
    for (const worker of leaving) release(worker);
  }

  function send(worker: Worker, socket: Socket): void {
    connections += 1;
    unconfirmed.set(worker, { connection: connections, socket, askAt: performance.now() + PROBE_MS });
    // The socket stays open here until the worker has it: otherwise it would be lost with a worker that dies. An error
    // means that the worker has ended, and `remove` follows.
    worker.send(
      { kind: 'connection', connection: connections } satisfies ToWorker,
      socket,
      { keepOpen: true },
      () => {},
    );
  }

  /** Tells a worker that no further connection comes. */
  function release(worker: Worker): void {
    forget(worker);
    if (worker.isConnected()) worker.send({ kind: 'detached' } satisfies ToWorker);
  }

  function forget(worker: Worker): void {
    for (const workers of [members, free, leaving]) workers.delete(worker);
  }

  function takeBack(worker: Worker): void {
    const last = unconfirmed.get(worker);
    if (last) waiting.unshift(last.socket);
    unconfirmed.delete(worker);
  }

  function onMessage(worker: Worker, message: ToSupervisor): void {
    if (message.kind === 'leaving') {
      leaving.add(worker);
      if (isClosing) server.close();
      else release(worker);
    } else if (message.kind === 'accepted') {
      unconfirmed.get(worker)?.socket.destroy();
      unconfirmed.delete(worker);
      if (members.has(worker)) free.add(worker);
    } else if (message.kind === 'not-received') {
      if (unconfirmed.get(worker)?.connection !== message.connection) return;
      takeBack(worker);
      if (members.has(worker)) free.add(worker);
    } else return;
    distribute();
  }

  // A worker without free descriptors does not receive a connection, and node:child_process does not report it.
  setInterval(() => {
    const now = performance.now();
    for (const [worker, last] of unconfirmed) {
      if (last.askAt > now || !worker.isConnected()) continue;
      last.askAt = now + PROBE_MS;
      worker.send({ kind: 'probe', connection: last.connection } satisfies ToWorker);
    }
  }, PROBE_MS).unref();

  return {
    open() {
      opened ??= new Promise((resolve, reject) => {
        const rejectStart = (error: NodeJS.ErrnoException) => reject(toListenError(error, host, port));
        server.once('error', rejectStart);
        server.listen({ host, port }, () => {
          server.off('error', rejectStart);
          server.on('error', onError);
          resolve(urlOf(server.address() as AddressInfo, TLS_CERT_FILE === undefined ? 'http' : 'https'));
        });
      });
      return opened;
    },
    add(worker) {
      if (!worker.isConnected()) return;
      worker.on('message', (message: ToSupervisor) => onMessage(worker, message));
      members.add(worker);
      free.add(worker);
      distribute();
    },
    remove(worker) {
      forget(worker);
      takeBack(worker);
      distribute();
    },
    closeWithWorkers() {
      isClosing = true;
    },
  };
}
