import { serialize } from 'node:v8';
import { diag } from '@opentelemetry/api';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { UnitNamingPrometheusExporter } from '../telemetry/metrics/prometheus-exporter.ts';
import { type Snapshot, sendToSupervisor, type ToWorker } from './messages.ts';

/** The interval of snapshots. A killed worker loses the measurements of at most one interval. */
const SNAPSHOT_INTERVAL_MS = 1_000;

/** Sends the snapshots of a worker. */
export interface SnapshotSender {
  /** Sends all metrics now, and resolves once they are sent. */
  send(): Promise<void>;
  /** Stops sending. */
  stop(): void;
}

/**
 * Sends the metrics of this worker to the supervisor, each second and for each scrape.
 *
 * @param metrics the reader of the metrics that add up over workers
 * @param processMetrics the reader of the metrics about this process. It collects only for a scrape, because its gauges
 *   cover the time since the previous collection: the maximum delay of the event loop must be that between two scrapes.
 */
export function sendSnapshots(
  metrics: UnitNamingPrometheusExporter,
  processMetrics: UnitNamingPrometheusExporter,
): SnapshotSender {
  let sending = false;
  let stopped = false;
  let ended: ScopeMetrics[] = [];
  metrics.setSeriesEndListener((series) => {
    ended.push(...series);
  });

  /**
   * Collects the metrics that add up, and the series that have ended in this collection. The two belong together: a series
   * that has ended has left the metrics.
   */
  async function collectShared(): Promise<Pick<Snapshot, 'metrics' | 'ended'>> {
    const serializedMetrics = await serialized(metrics);
    if (ended.length === 0) return { metrics: serializedMetrics };
    const serializedEnded = serialize(ended);
    ended = [];
    return { metrics: serializedMetrics, ended: serializedEnded };
  }

  async function sendMetrics(): Promise<void> {
    // Only one snapshot at a time, because unsent ones would wait in memory.
    if (sending) return;
    sending = true;
    try {
      await sendToSupervisor({ kind: 'snapshot', snapshot: await collectShared() });
    } catch (error) {
      reportCollectionError(error);
    }
    sending = false;
  }

  async function sendAll(scrape?: number): Promise<void> {
    if (stopped) return;
    const own = await serialized(processMetrics);
    // The snapshot is sent at once, so that it does not replace a later one.
    const shared = await collectShared();
    await sendToSupervisor({
      kind: 'snapshot',
      snapshot: { ...shared, processMetrics: own },
      ...(scrape && { scrape }),
    });
  }

  const timer = setInterval(() => void sendMetrics(), SNAPSHOT_INTERVAL_MS).unref();
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'scrape') sendAll(message.scrape).catch(reportCollectionError);
  });
  void sendMetrics();
  return {
    send: () => sendAll().catch(reportCollectionError),
    stop() {
      stopped = true;
      clearInterval(timer);
    },
  };
}

async function serialized(reader: UnitNamingPrometheusExporter): Promise<Uint8Array> {
  const { resourceMetrics, errors } = await reader.collect();
  if (errors.length > 0) diag.error('metrics are incomplete', ...errors);
  return serialize(resourceMetrics.scopeMetrics);
}

function reportCollectionError(error: unknown): void {
  diag.error('metrics could not be collected', error);
}
