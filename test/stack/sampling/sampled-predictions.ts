import { requireTrace } from '../../../tools/stack/check/check.ts';
import { eventually } from '../../../tools/stack/check/queries.ts';
import { readMails } from '../../../tools/stack/check/traffic.ts';
import { post } from '../../http/in-process.ts';
import { parseExposition } from '../support/exposition.ts';
import type { RunningStack } from '../support/running-stack.ts';

/** Asks for so many predictions of an ordinary mail, and resolves to the ids of their traces, sampled or not. */
export async function predict({ urls }: RunningStack, times: number): Promise<string[]> {
  const traceIds: string[] = [];
  const [mail] = await readMails();
  const worker = async () => {
    while (traceIds.length < times) {
      const slot = traceIds.push('') - 1;
      const response = await post(`${urls.service}/predict`, { text: mail!.text });
      traceIds[slot] = String(response.headers.get('x-trace-id'));
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return traceIds;
}

/** `classify` spans by the Collector's span metrics, and predictions by the service's own histogram of requests. */
export async function counts({ urls }: RunningStack): Promise<{ received: number; served: number }> {
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

/** Of these traces, how many Jaeger has once no more arrive. */
export async function storedOf({ urls }: RunningStack, traceIds: readonly string[]): Promise<number> {
  let last = -1;
  return eventually(async () => {
    const found = await Promise.all(
      traceIds.map((traceId) =>
        requireTrace(urls.jaeger, traceId).then(
          () => 1,
          () => 0,
        ),
      ),
    );
    const stored = found.reduce<number>((sum, one) => sum + one, 0);
    const settled = stored === last && stored > 0;
    last = stored;
    if (!settled) throw new Error(`still arriving: ${stored}`);
    return stored;
  }, 60_000);
}
