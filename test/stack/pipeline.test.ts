import { expect, test } from 'vitest';
import { STACK_CHECKS } from '../../tools/stack/check/check.ts';
import { eventually, promQuery } from '../../tools/stack/check/queries.ts';
import { parseExposition, type Series } from './support/exposition.ts';
import { describeStack } from './support/running-stack.ts';

describeStack('a mail that goes in', (stack) => {
  test.each(STACK_CHECKS)('$title', async ({ run }) => {
    await expect(run(stack().urls, stack().traffic)).resolves.toBeTypeOf('string');
  });

  test('the metrics of the classifier and of HTTP are in Prometheus as the service exposes them: names, labels, values', async () => {
    // Of HTTP only the route that was used: whatever asks for the page of metrics may be counted meanwhile.
    const compared = ({ name, labels }: Series) =>
      name.startsWith('classifier_') || labels['http_route'] === '/predict';
    await eventually(async () => {
      const exposed = (await exposedSeries(stack().urls.metrics)).filter(compared);
      const scraped = (await scrapedSeries(stack().urls.prometheus)).filter(compared);
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

  test('a series says which instance of the service made it', async () => {
    const samples = await promQuery(stack().urls.prometheus, 'classifier_predictions_total');
    const { host } = new URL(stack().urls.metrics);
    expect(new Set(samples.map(({ labels }) => `${labels['job']} ${labels['instance']}`))).toEqual(
      new Set([`waymark ${host}`]),
    );
  });

  test('the pipeline watches itself: every component is scraped at its own address', async () => {
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

/** One line a series, so that a difference reads well. The upper bound of a bucket is a number, however it is written. */
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
