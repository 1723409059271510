import cluster, { type Worker } from 'node:cluster';

/** The handle of a connection. */
interface Handle {
  close(): void;
}

/**
 * Tracks the connections that were sent to a worker and not yet accepted by it. If the worker dies, node:cluster forgets
 * these connections: they would stay open, and their clients would wait without an end.
 *
 * The messages of node:cluster that this function reads are not documented. If their format changes, it does nothing.
 *
 * @returns a function to call when the worker has ended. It passes the connections to other workers, or closes them if
 *   there are none.
 */
export function trackPendingConnections(worker: Worker): () => void {
  const child = worker.process;
  const pending = new Map<unknown, Handle>();
  const send = child.send as (...args: unknown[]) => boolean;
  child.send = (...args: unknown[]) => {
    const [message, handle] = args as [{ act?: unknown; seq?: unknown } | undefined, Handle | undefined];
    if (handle && message?.act === 'newconn') pending.set(message.seq, handle);
    return send.apply(child, args);
  };
  child.on('internalMessage', ({ ack }: { ack?: unknown }) => pending.delete(ack));

  return () => {
    // node:cluster does not notice the end of a worker with a pending connection.
    if (cluster.workers?.[worker.id]) worker.disconnect();
    const hasOthers = Object.values(cluster.workers ?? {}).some((other) => other?.isConnected());
    for (const [ack, handle] of pending) {
      // The response of a worker that is closing. node:cluster then passes the connection to another worker.
      if (hasOthers) child.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack, accepted: false });
      else handle.close();
    }
    pending.clear();
  };
}
