import type { MetricReader, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { type ToWorker, tellSupervisor } from '../src/workers/messages.ts';

/** What a worker that is killed has measured and not told is at most this old. */
const EVERY_MS = 1_000;

/**
 * Tells the supervisor what this worker has measured: each second, and when it is asked for a scrape.
 *
 * @param metrics what adds up over workers
 * @param ofProcess what describes this process. It is collected when there is a scrape and at no other time, since its
 *   gauges tell of the time since they were last collected: the longest delay of the event loop should be that of the
 *   time between two scrapes
 * @returns tells everything at once; resolves when it is handed over
 */
export function sendSnapshots(metrics: MetricReader, ofProcess: MetricReader): () => Promise<void> {
  let sending = false;

  async function sendMetrics(): Promise<void> {
    // A supervisor that does not take one gets no second one: they would wait in memory.
    if (sending) return;
    sending = true;
    try {
      await tellSupervisor({ kind: 'snapshot', snapshot: { metrics: await scopesOf(metrics) } });
    } finally {
      sending = false;
    }
  }

  async function sendAll(scrape?: number): Promise<void> {
    const [shared, own] = await Promise.all([scopesOf(metrics), scopesOf(ofProcess)]);
    await tellSupervisor({
      kind: 'snapshot',
      snapshot: { metrics: shared, ofProcess: own },
      ...(scrape && { scrape }),
    });
  }

  setInterval(() => void sendMetrics(), EVERY_MS).unref();
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'scrape') void sendAll(message.scrape);
  });
  void sendMetrics();
  return () => sendAll();
}

async function scopesOf(reader: MetricReader): Promise<readonly ScopeMetrics[]> {
  const { resourceMetrics } = await reader.collect();
  return resourceMetrics.scopeMetrics;
}
