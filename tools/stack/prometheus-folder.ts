import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pace } from './components.ts';
import type { Ports } from './ports.ts';
import { shortenRouting, shortenRules } from './shorten.ts';

const OTEL = join(import.meta.dirname, '../../otel');
const SOURCE = join(OTEL, 'prometheus');

/**
 * Lays out Prometheus's configuration in the run folder: the project's own files by link, and only the addresses anew,
 * since Prometheus looks for both beside the file that it was started with. At a fast pace the rules have short windows.
 */
export async function layPrometheusFolder(folder: string, ports: Ports, pace: Pace): Promise<void> {
  await mkdir(join(folder, 'targets'), { recursive: true });
  const laid = pace === 'fast' ? ['targets', 'rules', 'prometheus.yml'] : ['targets'];
  for (const name of (await readdir(SOURCE)).filter((entry) => !laid.includes(entry))) {
    await rm(join(folder, name), { force: true });
    await symlink(join(SOURCE, name), join(folder, name));
  }
  if (pace === 'fast') await layShortened(folder);
  const at = (port: number, labels: Record<string, string> = {}) => ({
    targets: [`127.0.0.1:${port}`],
    labels: pace === 'fast' ? { ...labels, __scrape_interval__: '1s', __scrape_timeout__: '1s' } : labels,
  });
  // JSON is YAML too, so the names that prometheus.yml gives to these files hold.
  const targets = (name: string, rows: unknown[]) => writeFile(join(folder, 'targets', name), JSON.stringify(rows));
  await targets('collector.yml', [at(ports.collectorPrometheus)]);
  await targets('alertmanager.yml', [{ targets: [`127.0.0.1:${ports.alertmanager}`] }]);
  await targets('pipeline.yml', [
    at(ports.collectorMetrics, { job: 'otelcol' }),
    at(ports.jaegerMetrics, { job: 'jaeger' }),
    at(ports.prometheus, { job: 'prometheus' }),
    at(ports.alertmanager, { job: 'alertmanager' }),
    at(ports.victoriaLogs, { job: 'victoria-logs' }),
  ]);
}

/** Lays out Alertmanager's configuration, with the addresses at which its receivers listen here. */
export async function layAlertmanagerFolder(folder: string, ports: Ports, pace: Pace): Promise<void> {
  await mkdir(folder, { recursive: true });
  const routing = await readFile(join(OTEL, 'alertmanager/alertmanager.yml'), 'utf8');
  const addressed = routing
    .replace('http://alert-webhook:9095/', `http://127.0.0.1:${ports.alertWebhook}/`)
    .replace('http://waymark:3000/', `http://127.0.0.1:${ports.service}/`);
  await writeFile(join(folder, 'alertmanager.yml'), pace === 'fast' ? shortenRouting(addressed) : addressed);
}

async function layShortened(folder: string): Promise<void> {
  await mkdir(join(folder, 'rules'), { recursive: true });
  for (const name of await readdir(join(SOURCE, 'rules'))) {
    await writeFile(join(folder, 'rules', name), shortenRules(await readFile(join(SOURCE, 'rules', name), 'utf8')));
  }
  const configuration = await readFile(join(SOURCE, 'prometheus.yml'), 'utf8');
  await writeFile(join(folder, 'prometheus.yml'), configuration.replace(/^( *evaluation_interval:) .*/m, '$1 1s'));
}
