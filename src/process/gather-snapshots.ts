import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { deserialize } from 'node:v8';
import type { CollectionResult, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { addWorkerLabel, keepTotals, mergeMetrics } from '../telemetry/metrics/merge-metrics.ts';
import { onWorkerEnd, workerIndexOf } from './fork.ts';
import type { Snapshot, ToSupervisor, ToWorker } from './messages.ts';

/** How long a scrape waits for a worker: one that is too busy to answer is told by its last snapshot. */
const PATIENCE_MS = 1_000;

/**
 * What all workers have measured, together with what those had that have ended: a counter is what it was before one
 * ended, and goes on from there.
 *
 * @param own what the supervisor has measured of itself
 * @returns what a scrape is to be answered with
 */
export function gatherSnapshots(own: () => Promise<CollectionResult>): () => Promise<CollectionResult> {
  const living = new Map<Worker, Snapshot>();
  const asked = new Map<number, () => void>();
  let past: ScopeMetrics[] = [];
  let scrapes = 0;

  cluster.on('message', (worker, message: ToSupervisor) => {
    if (message.kind !== 'snapshot') return;
    const { snapshot, scrape } = message;
    living.set(worker, { processMetrics: living.get(worker)?.processMetrics, ...snapshot });
    if (scrape !== undefined) asked.get(scrape)?.();
  });
  onWorkerEnd((worker) => {
    const last = living.get(worker);
    if (!last) return;
    living.delete(worker);
    past = mergeMetrics([past, keepTotals(metricsOf(worker, last))]);
  });

  async function ask(worker: Worker): Promise<void> {
    scrapes += 1;
    const scrape = scrapes;
    const answered = new Promise<void>((resolve) => asked.set(scrape, resolve));
    worker.send({ kind: 'scrape', scrape } satisfies ToWorker);
    const giveUp = new AbortController();
    await Promise.race([answered, delay(PATIENCE_MS, undefined, giveUp).catch(() => undefined)]);
    giveUp.abort();
    asked.delete(scrape);
  }

  return async () => {
    const [{ resourceMetrics, errors }] = await Promise.all([
      own(),
      ...[...living.keys()].filter((worker) => worker.isConnected()).map(ask),
    ]);
    const parts = [...living].map(([worker, snapshot]) => metricsOf(worker, snapshot));
    const scopeMetrics = mergeMetrics([past, addWorkerLabel(resourceMetrics.scopeMetrics, 'supervisor'), ...parts]);
    return { errors, resourceMetrics: { ...resourceMetrics, scopeMetrics } };
  };
}

function metricsOf(worker: Worker, { metrics, processMetrics }: Snapshot): ScopeMetrics[] {
  const parts = [metrics, ...(processMetrics ? [processMetrics] : [])].map(
    (part) => deserialize(part) as ScopeMetrics[],
  );
  return addWorkerLabel(parts.flat(), String(workerIndexOf(worker)));
}
