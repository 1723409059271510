import cluster, { type Worker } from 'node:cluster';

interface Handle {
  close(): void;
}

/**
 * Watches which connections are on their way to a worker. node:cluster forgets one whose worker dies before it has taken
 * it: it would stay open, and its client would wait for ever.
 *
 * It looks at messages of node:cluster that are not documented. Should they ever look different, nothing is done.
 *
 * @returns to be called when the worker has ended: gives them to other workers, or closes them where there is none
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
    // It is not told of the end itself where a connection was on its way.
    if (cluster.workers?.[worker.id]) worker.disconnect();
    const others = Object.values(cluster.workers ?? {}).some((other) => other?.isConnected());
    for (const [ack, handle] of pending) {
      // As a worker answers that is closing: then it is somebody else's.
      if (others) child.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack, accepted: false });
      else handle.close();
    }
    pending.clear();
  };
}
