import { expect, test } from 'vitest';
import { STACK_CHECKS } from '../../tools/stack/check/check.ts';
import { eventually, promQuery } from '../../tools/stack/check/queries.ts';
import { parseExposition, type Series } from './support/exposition.ts';
import { describeStack } from './support/running-stack.ts';

describeStack('the pipeline', (stack) => {
  test.each(STACK_CHECKS)('$title', async ({ run }) => {
    await expect(run(stack().urls, stack().traffic)).resolves.toBeTypeOf('string');
  });

  test('Prometheus has the metrics of the classifier and of HTTP with the names, labels and values of the service', async () => {
    // Of the HTTP metrics only those of /predict: requests for the page of metrics change the others.
    const isCompared = ({ name, labels }: Series) =>
      name.startsWith('classifier_') || labels['http_route'] === '/predict';
    await eventually(async () => {
      const exposed = (await exposedSeries(stack().urls.metrics)).filter(isCompared);
      const scraped = (await scrapedSeries(stack().urls.prometheus)).filter(isCompared);
      expect(exposed.length).toBeGreaterThan(20);
      expect(asLines(scraped)).toEqual(asLines(exposed));
    });
  });

  test('every metric has the same name in Prometheus as on the service', async () => {
    await eventually(async () => {
      const exposed = new Set((await exposedSeries(stack().urls.metrics)).map((series) => series.name));
      const scraped = new Set((await scrapedSeries(stack().urls.prometheus)).map((series) => series.name));
      expect([...exposed].filter((name) => !scraped.has(name))).toEqual([]);
      expect([...exposed]).toEqual(
        expect.arrayContaining([
          'classifier_model_info',
          'http_server_active_requests',
          'process_cpu_time_seconds_total',
        ]),
      );
    });
  });

  test('every series has the instance of the service that exposes it', async () => {
    const samples = await promQuery(stack().urls.prometheus, 'classifier_predictions_total');
    const { host } = new URL(stack().urls.metrics);
    expect(new Set(samples.map(({ labels }) => `${labels['job']} ${labels['instance']}`))).toEqual(
      new Set([`waymark ${host}`]),
    );
  });

  test('monitors itself: every component is scraped at its own address', async () => {
    await eventually(async () => {
      const up = await promQuery(stack().urls.prometheus, 'up == 1');
      expect(up.map(({ labels }) => labels['job']).toSorted()).toEqual([
        'alertmanager',
        'collector',
        'jaeger',
        'mail-gateway',
        'otelcol',
        'prometheus',
        'victoria-logs',
        'waymark',
      ]);
    });
  });
});

async function exposedSeries(url: string): Promise<Series[]> {
  const response = await fetch(url);
  return parseExposition(await response.text()).filter(({ name }) => name !== 'target_info');
}

async function scrapedSeries(prometheus: string): Promise<Series[]> {
  const samples = await promQuery(prometheus, '{job="waymark"}');
  return samples.map(({ labels: { __name__: name = '', job: _job, instance: _instance, ...labels }, value }) => ({
    name,
    labels,
    value,
  }));
}

/**
 * Returns a line of text per series, for readable differences. The upper bound of a bucket is normalised, since the
 * same number can be written in several ways.
 */
function asLines(series: Series[]): string[] {
  return series
    .map(({ name, labels, value }) => {
      const pairs = Object.entries(labels).map(
        ([key, text]) => `${key}=${key === 'le' ? Number(text.replace('+Inf', 'Infinity')) : text}`,
      );
      return `${name} ${pairs.toSorted().join(' ')} ${value}`;
    })
    .toSorted();
}
