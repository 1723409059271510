import { serialize } from 'node:v8';
import { diag } from '@opentelemetry/api';
import type { MetricReader } from '@opentelemetry/sdk-metrics';
import { sendToSupervisor, type ToWorker } from './messages.ts';

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
export function sendSnapshots(metrics: MetricReader, processMetrics: MetricReader): SnapshotSender {
  let sending = false;
  let stopped = false;

  async function sendMetrics(): Promise<void> {
    // Only one snapshot at a time, because unsent ones would wait in memory.
    if (sending) return;
    sending = true;
    try {
      await sendToSupervisor({ kind: 'snapshot', snapshot: { metrics: await serialized(metrics) } });
    } catch (error) {
      reportCollectionError(error);
    }
    sending = false;
  }

  async function sendAll(scrape?: number): Promise<void> {
    if (stopped) return;
    const [shared, own] = await Promise.all([serialized(metrics), serialized(processMetrics)]);
    await sendToSupervisor({
      kind: 'snapshot',
      snapshot: { metrics: shared, processMetrics: own },
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

async function serialized(reader: MetricReader): Promise<Uint8Array> {
  const { resourceMetrics, errors } = await reader.collect();
  if (errors.length > 0) diag.error('metrics are incomplete', ...errors);
  return serialize(resourceMetrics.scopeMetrics);
}

function reportCollectionError(error: unknown): void {
  diag.error('metrics could not be collected', error);
}
