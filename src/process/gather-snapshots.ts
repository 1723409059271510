import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { deserialize } from 'node:v8';
import type { CollectionResult, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { addWorkerLabel, keepTotals, mergeMetrics } from '../telemetry/metrics/merge-metrics.ts';
import { onWorkerEnd, workerIndexOf } from './fork.ts';
import type { Snapshot, ToSupervisor, ToWorker } from './messages.ts';

/** The time that a scrape waits for a worker. After it, the scrape uses the last snapshot of the worker. */
const SCRAPE_TIMEOUT_MS = 1_000;

/**
 * Merges the metrics of all workers, also of those that have ended, so that no counter decreases when a worker ends.
 *
 * @param own collects the metrics of the supervisor itself
 * @returns a function that collects the metrics for a scrape
 */
export function gatherSnapshots(own: () => Promise<CollectionResult>): () => Promise<CollectionResult> {
  const snapshots = new Map<Worker, Snapshot>();
  const pendingScrapes = new Map<number, () => void>();
  let endedTotals: ScopeMetrics[] = [];
  let scrapes = 0;

  cluster.on('message', (worker, message: ToSupervisor) => {
    if (message.kind !== 'snapshot') return;
    const { snapshot, scrape } = message;
    snapshots.set(worker, { processMetrics: snapshots.get(worker)?.processMetrics, ...snapshot });
    if (scrape !== undefined) pendingScrapes.get(scrape)?.();
  });
  onWorkerEnd((worker) => {
    const last = snapshots.get(worker);
    if (!last) return;
    snapshots.delete(worker);
    endedTotals = mergeMetrics([endedTotals, keepTotals(metricsOf(worker, last))]);
  });

  async function requestSnapshot(worker: Worker): Promise<void> {
    scrapes += 1;
    const scrape = scrapes;
    const received = new Promise<void>((resolve) => pendingScrapes.set(scrape, resolve));
    worker.send({ kind: 'scrape', scrape } satisfies ToWorker);
    const timeout = new AbortController();
    await Promise.race([received, delay(SCRAPE_TIMEOUT_MS, undefined, timeout).catch(() => undefined)]);
    timeout.abort();
    pendingScrapes.delete(scrape);
  }

  return async () => {
    const [{ resourceMetrics, errors }] = await Promise.all([
      own(),
      ...[...snapshots.keys()].filter((worker) => worker.isConnected()).map(requestSnapshot),
    ]);
    const parts = [...snapshots].map(([worker, snapshot]) => metricsOf(worker, snapshot));
    const scopeMetrics = mergeMetrics([
      endedTotals,
      addWorkerLabel(resourceMetrics.scopeMetrics, 'supervisor'),
      ...parts,
    ]);
    return { errors, resourceMetrics: { ...resourceMetrics, scopeMetrics } };
  };
}

function metricsOf(worker: Worker, { metrics, processMetrics }: Snapshot): ScopeMetrics[] {
  const parts = [metrics, ...(processMetrics ? [processMetrics] : [])].map(
    (part) => deserialize(part) as ScopeMetrics[],
  );
  return addWorkerLabel(parts.flat(), String(workerIndexOf(worker)));
}
