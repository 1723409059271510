import { afterEach, describe, expect, test, vi } from 'vitest';
import { prometheusName } from '../../src/telemetry/metrics/prometheus-names.ts';
import { WORKER_METRICS } from '../../src/telemetry/registry/metrics.ts';
import { post } from '../http/in-process.ts';
import { scrape } from '../support/openmetrics.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { cumulativeSamples, killAndWait, metricsOf, predict, predictTimes, startWorkers, total } from './workers.ts';

// Each test starts three processes and more.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

let service: ServiceProcess;

afterEach(() => service.stop());

describe('the metrics of several processes', () => {
  test('are complete, also after each worker was killed and replaced', async () => {
    service = await startWorkers(2);
    await predictTimes(service.url, 20);
    expect(total(await metricsOf(service), 'classifier_predictions_total')).toBe(20);
    await killAndWait(service, 1);
    expect(total(await metricsOf(service), 'classifier_predictions_total')).toBe(20);
    await killAndWait(service, 2);
    await predictTimes(service.url, 10);
    const page = await metricsOf(service);
    expect(total(page, 'classifier_predictions_total')).toBe(30);
    expect(total(page, 'classifier_prediction_duration_seconds_count')).toBe(30);
    expect(total(page, 'http_server_request_duration_seconds_count')).toBe(30);
    expect(total(page, 'worker_replacements_total')).toBe(2);
    expect(page).toMatch(/^http_server_active_requests\{.*\} 0$/m);
  });

  test('never decrease when a worker dies under load, and lose less than one second of its counts', async () => {
    service = await startWorkers(2);
    const answeredAt: number[] = [];
    let done = false;
    const clients = Array.from({ length: 4 }, async () => {
      while (!done) {
        const status = await predict(service.url).catch(() => 0);
        if (status === 200) answeredAt.push(performance.now());
      }
    });
    let latest = new Map<string, number>();
    const watch = async () => {
      const samples = cumulativeSamples(await metricsOf(service));
      for (const [series, value] of latest) expect([series, samples.get(series)! >= value]).toEqual([series, true]);
      latest = samples;
    };
    const watcher = (async () => {
      while (!done) await watch();
    })();
    const killed = performance.now();
    await killAndWait(service, 1);
    done = true;
    await Promise.all([...clients, watcher]);
    await watch();
    const counted = total(await metricsOf(service), 'classifier_predictions_total');
    // The last snapshot of the killed worker can be one second old, and more on a slow machine.
    const certain = answeredAt.filter((time) => time < killed - 2_000 || time > killed + 200).length;
    expect(counted).toBeGreaterThanOrEqual(certain);
  });

  test('count feedback once, although all workers read it from the shared store', async () => {
    service = await startWorkers(2);
    const close = { connection: 'close' };
    const predicted = await post(`${service.url}/predict`, { text: 'a mail' }, close);
    const { id } = (await predicted.json()) as { id: string };
    for (let i = 0; i < 4; i++) await post(`${service.url}/feedback`, { id, label: 'ham' }, close);
    const counts = async () => total(await metricsOf(service), 'classifier_feedback_total');
    expect(await counts()).toBe(1);
    for (const workerIndex of [1, 2]) {
      await killAndWait(service, workerIndex);
      expect(await counts()).toBe(1);
    }
  });

  test('have the label worker only for metrics about one process, and have exemplars', async () => {
    service = await startWorkers(2);
    await predictTimes(service.url, 4);
    const families = await scrape(service.metricsUrl);
    const labels = ['worker="1"', 'worker="2"', 'worker="supervisor"'];
    expect([...families.get('process_memory_usage_bytes')!.series].sort()).toEqual(labels);
    expect(families.get('classifier_predictions')!.series.size).toBe(1);
    const withWorkerLabel = [...families].filter(([, { labels }]) => labels.has('worker')).map(([name]) => name);
    const registered = WORKER_METRICS.map((metric) => prometheusName(metric).replace(/_total$/, ''));
    expect(withWorkerLabel.filter((name) => !/^(process|nodejs|v8js)_/.test(name))).toEqual(registered);
    const headers = { accept: 'application/openmetrics-text;version=1.0.0' };
    const page = await (await fetch(service.metricsUrl, { headers })).text();
    expect(page).toMatch(/^classifier_prediction_duration_seconds_bucket.* # \{trace_id="[0-9a-f]{32}"/m);
  });
});
