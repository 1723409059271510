import cluster from 'node:cluster';
import type { Parent } from './lifecycle.ts';
import { tellSupervisor } from './messages.ts';

/** The supervisor, as this worker's lifecycle sees it. */
export function supervisor(): Parent {
  return {
    ready: (url) => tellSupervisor({ kind: 'ready', url }),
    refused: (message) => tellSupervisor({ kind: 'refused', message }),
    onGone(listener) {
      // Otherwise node:cluster ends the process at once, and what is under way with it.
      cluster.worker!.exitedAfterDisconnect = true;
      process.once('disconnect', listener);
      if (!process.connected) listener();
    },
  };
}
