import { requireTrace } from '../../../tools/stack/check/check.ts';
import { eventually } from '../../../tools/stack/check/queries.ts';
import { readMails } from '../../../tools/stack/check/traffic.ts';
import { post } from '../../http/in-process.ts';
import { parseExposition } from '../support/exposition.ts';
import type { RunningStack } from '../support/running-stack.ts';

/** Sends an ordinary mail `count` times for a prediction, and returns the trace ids, including those not sampled. */
export async function predictMany({ urls }: RunningStack, count: number): Promise<string[]> {
  const traceIds: string[] = [];
  const [mail] = await readMails();
  const worker = async () => {
    while (traceIds.length < count) {
      const slot = traceIds.push('') - 1;
      const response = await post(`${urls.service}/predict`, { text: mail!.text });
      traceIds[slot] = String(response.headers.get('x-trace-id'));
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return traceIds;
}

/**
 * Counts predictions: `classify` spans in the Collector's span metrics, and requests in the service's own histogram.
 */
export async function countPredictions({ urls }: RunningStack): Promise<{ received: number; served: number }> {
  const page = async (url: string) => parseExposition(await (await fetch(url)).text());
  const sum = (series: { value: number }[]) => series.reduce((total, { value }) => total + value, 0);
  const collector = await page(urls.collectorMetrics);
  const service = await page(urls.metrics);
  return {
    received: sum(
      collector.filter(
        ({ name, labels }) => name === 'traces_span_metrics_calls_total' && labels['span_name'] === 'classify',
      ),
    ),
    served: sum(
      service.filter(
        ({ name, labels }) =>
          name === 'http_server_request_duration_seconds_count' && labels['http_route'] === '/predict',
      ),
    ),
  };
}

/** Returns the number of these traces that Jaeger has, once no more traces arrive. */
export async function countStoredTraces({ urls }: RunningStack, traceIds: readonly string[]): Promise<number> {
  let last = -1;
  return eventually(async () => {
    const results = await Promise.all(
      traceIds.map((traceId) =>
        requireTrace(urls.jaeger, traceId).then(
          () => 1,
          () => 0,
        ),
      ),
    );
    const stored = results.reduce<number>((sum, result) => sum + result, 0);
    const isStable = stored === last && stored > 0;
    last = stored;
    if (!isStable) throw new Error(`traces are still arriving: ${stored} so far`);
    return stored;
  }, 60_000);
}
