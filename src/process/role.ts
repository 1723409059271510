import cluster from 'node:cluster';

/**
 * The role of a process: the only one of the service (`WORKERS=1`), a worker that serves requests, or the supervisor of the
 * workers, which serves no predictions.
 */
export type ProcessRole = 'single' | 'supervisor' | 'worker';

/** Returns the role of this process. */
export function processRole({ WORKERS }: { readonly WORKERS: number }): ProcessRole {
  if (cluster.isWorker) return 'worker';
  return WORKERS > 1 ? 'supervisor' : 'single';
}
