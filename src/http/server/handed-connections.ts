import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Connections that another process has accepted, and hands over to this one. */
export interface ConnectionSource {
  /** Passes each connection to `take`. */
  start(take: (socket: Socket) => void): void;
  /** Asks for no further connections. Resolves when none can come any more. */
  stop(): Promise<void>;
}

/**
 * Lets a server serve the connections of a source. The server needs no port of its own.
 *
 * @returns a function that stops the source, and resolves when all connections are closed
 */
export function serveHandedConnections(server: Server, source: ConnectionSource): () => Promise<void> {
  const open = new Set<Socket>();
  let onLastClosed = () => {};
  // With this event node:http begins to look for requests that take too long.
  server.emit('listening');
  source.start((socket) => {
    open.add(socket);
    socket.once('close', () => {
      open.delete(socket);
      if (open.size === 0) onLastClosed();
    });
    // node:http sets both for the connections that it accepts itself.
    socket.allowHalfOpen = true;
    socket.setNoDelay(true);
    server.emit('connection', socket);
  });

  return async () => {
    await source.stop();
    if (open.size > 0) await new Promise<void>((resolve) => (onLastClosed = resolve));
  };
}
