import { serialize } from 'node:v8';
import { diag } from '@opentelemetry/api';
import type { MetricReader } from '@opentelemetry/sdk-metrics';
import { sendToSupervisor, type ToWorker } from './messages.ts';

/** What a worker that is killed has measured and not told is at most this old. */
const EVERY_MS = 1_000;

/** How a worker tells what it has measured. */
export interface Snapshots {
  /** Tells everything at once; resolves when it is handed over. */
  send(): Promise<void>;
  /** Tells nothing any more. */
  stop(): void;
}

/**
 * Tells the supervisor what this worker has measured: each second, and when it is asked for a scrape.
 *
 * @param metrics what adds up over workers
 * @param processMetrics what describes this process. It is collected when there is a scrape and at no other time, since its
 *   gauges tell of the time since they were last collected: the longest delay of the event loop should be that of the
 *   time between two scrapes
 */
export function sendSnapshots(metrics: MetricReader, processMetrics: MetricReader): Snapshots {
  let sending = false;
  let stopped = false;

  async function sendMetrics(): Promise<void> {
    // A supervisor that does not take one gets no second one: they would wait in memory.
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

  const timer = setInterval(() => void sendMetrics(), EVERY_MS).unref();
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
