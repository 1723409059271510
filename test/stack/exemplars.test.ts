import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { requireTrace } from '../../tools/stack/check/check.ts';
import { eventually, promExemplars, promQuery } from '../../tools/stack/check/queries.ts';
import { nextSteps } from '../../tools/stack/next-steps.ts';
import { post } from '../http/in-process.ts';
import { runLoad } from './support/load.ts';
import { parseOpenMetrics } from './support/openmetrics-parser.ts';
import { describeStack, type RunningStack } from './support/running-stack.ts';

const run = promisify(execFile);

/**
 * A text of unknown words. Known words are found in the token cache, so a pause of the process could be slower than the
 * text.
 */
const SLOW_TEXT = Array.from({ length: 20_000 }, (_, at) => `w${(at * 7_919).toString(36)}ing`)
  .join(' ')
  .slice(0, 100_000);

describeStack('an exemplar', (stack) => {
  test('of the highest bucket leads to the slow one of 10,000 predictions', {
    timeout: 240_000,
  }, async () => {
    const load = runLoad(stack().urls.service, 8);
    await eventually(async () => expect(load.answered.length).toBeGreaterThan(10_000), 120_000);
    expect((await load.stop()).failed).toEqual([]);
    const slow = await post(`${stack().urls.service}/predict`, { text: SLOW_TEXT });
    const { traceId } = (await slow.json()) as { traceId: string };
    await eventually(async () => {
      expect(await slowest(stack(), 'classifier_prediction_duration_seconds', '')).toBe(traceId);
    });
    await eventually(() => requireTrace(stack().urls.jaeger, traceId));
  });

  // A test cannot choose the slowest request: any request that waited for others can be the slowest.
  test('of the highest bucket of request durations leads to a trace', async () => {
    await eventually(async () => {
      const traceId = await slowest(stack(), 'http_server_request_duration_seconds', 'http_route="/predict"');
      await requireTrace(stack().urls.jaeger, traceId ?? 'none');
    });
  });

  test('is what the commands of the banner show, and so is the trace of a prediction', async () => {
    const { predict, exemplars } = nextSteps(stack().urls);
    const answer = await run('sh', ['-c', predict]);
    const [, traceId = ''] = /"traceId":"(\w+)"/.exec(answer.stdout) ?? [];
    expect(answer.stdout).toContain(`\nits trace: ${stack().urls.service}/#/trace?id=${traceId}\n`);
    await eventually(async () => {
      const { stdout } = await run('sh', ['-c', exemplars]);
      expect(stdout).toMatch(/"exemplars":\[\{"labels":\{[^}]*"trace_id":"[0-9a-f]{32}"/);
    });
  });

  test('is on a page that the reference parser of OpenMetrics accepts', async () => {
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

/** Returns the trace id of the exemplar in the highest non-empty bucket in Prometheus. */
async function slowest({ urls }: RunningStack, histogram: string, series: string): Promise<string | undefined> {
  const selector = `${histogram}_bucket{job="waymark",${series}}`;
  const buckets = await promQuery(urls.prometheus, selector);
  const bound = ({ labels }: { labels: Record<string, string> }) => Number(labels['le']?.replace('+Inf', 'Infinity'));
  const all = Math.max(...buckets.map(({ value }) => value));
  const highest = Math.min(...buckets.filter(({ value }) => value === all).map(bound));
  const exemplarSeries = await promExemplars(urls.prometheus, selector);
  const ofHighest = exemplarSeries.filter(({ seriesLabels }) => bound({ labels: seriesLabels }) === highest);
  return ofHighest.flatMap(({ exemplars }) => exemplars).at(-1)?.labels['trace_id'];
}
