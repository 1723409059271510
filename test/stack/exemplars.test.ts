import { expect, test } from 'vitest';
import { requireTrace } from '../../tools/stack/check/check.ts';
import { eventually, promExemplars, promQuery } from '../../tools/stack/check/queries.ts';
import { post } from '../http/in-process.ts';
import { runLoad } from './support/load.ts';
import { parseOpenMetrics } from './support/openmetrics-parser.ts';
import { describeStack, type RunningStack } from './support/running-stack.ts';

/** Words that nobody has seen before: one that is known is looked up, and a pause of the process could take longer. */
const SLOW_TEXT = Array.from({ length: 20_000 }, (_, at) => `w${(at * 7_919).toString(36)}ing`)
  .join(' ')
  .slice(0, 100_000);

describeStack('from a metric to the trace behind it', (stack) => {
  test('of 10,000 quick predictions and one of 100,000 characters, the highest bucket leads to that one', {
    timeout: 240_000,
  }, async () => {
    const load = runLoad(stack().urls.service, 8);
    await eventually(async () => expect(load.answered.length).toBeGreaterThan(10_000), 120_000);
    expect((await load.stop()).broken).toEqual([]);
    const slow = await post(`${stack().urls.service}/predict`, { text: SLOW_TEXT });
    const { traceId } = (await slow.json()) as { traceId: string };
    await eventually(async () => {
      expect(await slowest(stack(), 'classifier_prediction_duration_seconds', '')).toBe(traceId);
    });
    await eventually(() => requireTrace(stack().urls.jaeger, traceId));
  });

  // Which request is the slowest is not for a test to choose: one that waited for others can be.
  test('the highest bucket of request durations leads to a trace, too', async () => {
    await eventually(async () => {
      const traceId = await slowest(stack(), 'http_server_request_duration_seconds', 'http_route="/predict"');
      await requireTrace(stack().urls.jaeger, traceId ?? 'none');
    });
  });

  test('the page is OpenMetrics to its reference parser, exemplars included', async () => {
    const headers = { accept: 'application/openmetrics-text;version=1.0.0' };
    const page = await (await fetch(stack().urls.metrics, { headers })).text();
    const families = await parseOpenMetrics(page);
    const withExemplars = families.filter(({ exemplars }) => exemplars.length > 0);
    const described = withExemplars.map(({ name, type, unit }) => `${name} ${type} ${unit}`);
    expect(described.toSorted()).toEqual([
      'classifier_prediction_duration_seconds histogram seconds',
      'http_server_request_duration_seconds histogram seconds',
    ]);
    for (const { exemplars } of withExemplars) {
      expect(exemplars[0]!.labels).toEqual({
        trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
      });
    }
    await expect(parseOpenMetrics(page.replace('# EOF\n', ''))).rejects.toThrow('EOF');
  });
});

/** The trace of the exemplar in Prometheus that stands on the highest bucket in which there is anything. */
async function slowest({ urls }: RunningStack, histogram: string, series: string): Promise<string | undefined> {
  const selector = `${histogram}_bucket{job="waymark",${series}}`;
  const buckets = await promQuery(urls.prometheus, selector);
  const bound = ({ labels }: { labels: Record<string, string> }) => Number(labels['le']?.replace('+Inf', 'Infinity'));
  const all = Math.max(...buckets.map(({ value }) => value));
  const highest = Math.min(...buckets.filter(({ value }) => value === all).map(bound));
  const found = await promExemplars(urls.prometheus, selector);
  const there = found.filter(({ seriesLabels }) => bound({ labels: seriesLabels }) === highest);
  return there.flatMap(({ exemplars }) => exemplars).at(-1)?.labels['trace_id'];
}
