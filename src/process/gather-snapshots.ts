import cluster, { type Worker } from 'node:cluster';
import { setTimeout as delay } from 'node:timers/promises';
import { deserialize } from 'node:v8';
import type { CollectionResult, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { LiveVersions } from '../telemetry/live-versions.ts';
import { selectPoints, versionOf } from '../telemetry/metrics/live-series.ts';
import { addWorkerLabel, keepTotals, mergeMetrics } from '../telemetry/metrics/merge-metrics.ts';
import { onWorkerEnd, workerIndexOf } from './fork.ts';
import type { Snapshot, ToSupervisor, ToWorker } from './messages.ts';

/** The time that a scrape waits for a worker. After it, the scrape uses the last snapshot of the worker. */
const SCRAPE_TIMEOUT_MS = 1_000;

/**
 * The time in milliseconds for which the totals of ended workers are kept for a model version that no worker reports. A
 * replacement of a worker needs some of it.
 */
const UNREPORTED_MS = 60_000;

/**
 * Merges the metrics of all workers, also of those that have ended, so that no counter decreases when a worker ends.
 *
 * When a worker ends a series, the supervisor keeps its last value, because the sum over the workers must not decrease. It
 * ends the series when no worker reports the version any more.
 *
 * @param own collects the metrics of the supervisor itself
 * @param versions decides how long the totals of a version stay that no worker reports
 * @returns a function that collects the metrics for a scrape
 */
export function gatherSnapshots(
  own: () => Promise<CollectionResult>,
  versions = new LiveVersions(UNREPORTED_MS),
): () => Promise<CollectionResult> {
  const snapshots = new Map<Worker, Snapshot>();
  const pendingScrapes = new Map<number, () => void>();
  let endedTotals: ScopeMetrics[] = [];
  let scrapes = 0;

  cluster.on('message', (worker, message: ToSupervisor) => {
    if (message.kind !== 'snapshot') return;
    const { snapshot, scrape } = message;
    const { ended, ...present } = snapshot;
    snapshots.set(worker, { processMetrics: snapshots.get(worker)?.processMetrics, ...present });
    if (ended) addTotals(deserialize(ended) as ScopeMetrics[]);
    if (scrape !== undefined) pendingScrapes.get(scrape)?.();
  });
  onWorkerEnd((worker) => {
    const last = snapshots.get(worker);
    if (!last) return;
    snapshots.delete(worker);
    addTotals(keepTotals(metricsOf(worker, last)));
  });

  function addTotals(totals: readonly ScopeMetrics[]): void {
    endedTotals = mergeMetrics([endedTotals, totals]);
    eachVersion(totals, (model, version) => versions.touch(model, version));
  }

  /** Removes the totals of versions that no worker reports. Without workers they stay, until there are some again. */
  function removeUnreported(parts: readonly ScopeMetrics[]): void {
    if (parts.length === 0) return;
    const reported = new Set<string>();
    eachVersion(parts, (model, version) => reported.add(`${model}@${version}`));
    versions.setInUse((model, version) => reported.has(`${model}@${version}`));
    const hasEnded = versions.takeEnded();
    endedTotals = selectPoints(endedTotals, (model, version) => !hasEnded(model, version), true);
  }

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
    removeUnreported(parts.flat());
    const scopeMetrics = mergeMetrics([
      endedTotals,
      addWorkerLabel(resourceMetrics.scopeMetrics, 'supervisor'),
      ...parts,
    ]);
    return { errors, resourceMetrics: { ...resourceMetrics, scopeMetrics } };
  };
}

/** Calls a function with the model and the version of each point that has them. */
function eachVersion(scopes: readonly ScopeMetrics[], call: (model: string, version: string) => void): void {
  for (const metric of scopes.flatMap(({ metrics }) => metrics)) {
    for (const { attributes } of metric.dataPoints) {
      const version = versionOf(attributes);
      if (version) call(...version);
    }
  }
}

function metricsOf(worker: Worker, { metrics, processMetrics }: Snapshot): ScopeMetrics[] {
  const parts = [metrics, ...(processMetrics ? [processMetrics] : [])].map(
    (part) => deserialize(part) as ScopeMetrics[],
  );
  return addWorkerLabel(parts.flat(), String(workerIndexOf(worker)));
}
