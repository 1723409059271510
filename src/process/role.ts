import cluster from 'node:cluster';

/**
 * What a process of the service is: all of it (`WORKERS=1`), one of those that serve, or the one that looks after these
 * and serves no prediction itself.
 */
export type Role = 'alone' | 'supervisor' | 'worker';

/** The role of this process. */
export function roleOf({ WORKERS }: { readonly WORKERS: number }): Role {
  if (cluster.isWorker) return 'worker';
  return WORKERS > 1 ? 'supervisor' : 'alone';
}
