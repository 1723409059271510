import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A proxy for TCP that can cut its client off, as a network does: nothing arrives, and no connection is closed. */
export interface StallingProxy {
  readonly port: number;
  /** Passes nothing on, also on connections that begin later, until `resume`. */
  stall(): void;
  resume(): void;
  /** Sends later connections to another port. */
  retarget(port: number): void;
  close(): void;
}

/** Starts a proxy for a port of loopback. */
export async function startStallingProxy(target: number): Promise<StallingProxy> {
  const sockets = new Set<Socket>();
  let isStalled = false;
  let port = target;
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => {
        if (!to.write(data)) from.pause();
      });
      from.on('drain', () => {
        if (!isStalled) to.resume();
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      if (isStalled) from.pause();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    stall() {
      isStalled = true;
      for (const socket of sockets) socket.pause();
    },
    resume() {
      isStalled = false;
      for (const socket of sockets) socket.resume();
    },
    retarget(other) {
      port = other;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
