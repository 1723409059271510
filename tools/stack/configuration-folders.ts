import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pace } from './components.ts';
import type { Ports } from './ports.ts';
import { shortenRouting, shortenRules } from './shorten.ts';

const OTEL_FOLDER = join(import.meta.dirname, '../../otel');
const PROMETHEUS_FOLDER = join(OTEL_FOLDER, 'prometheus');

/**
 * Writes Prometheus's configuration folder for a run: links to the project's files, and new files with the addresses.
 * Both are in one folder, since Prometheus looks for them beside its main file. With the fast pace, rules have short
 * windows.
 */
export async function writePrometheusFolder(folder: string, ports: Ports, pace: Pace): Promise<void> {
  await mkdir(join(folder, 'targets'), { recursive: true });
  const written = pace === 'fast' ? ['targets', 'rules', 'prometheus.yml'] : ['targets'];
  for (const name of (await readdir(PROMETHEUS_FOLDER)).filter((entry) => !written.includes(entry))) {
    await rm(join(folder, name), { force: true });
    await symlink(join(PROMETHEUS_FOLDER, name), join(folder, name));
  }
  if (pace === 'fast') await writeShortenedRules(folder);
  const target = (port: number, labels: Record<string, string> = {}) => ({
    targets: [`127.0.0.1:${port}`],
    labels: pace === 'fast' ? { ...labels, __scrape_interval__: '1s', __scrape_timeout__: '1s' } : labels,
  });
  // JSON is valid YAML, so the files keep the names that prometheus.yml expects.
  const writeTargets = (name: string, rows: unknown[]) =>
    writeFile(join(folder, 'targets', name), JSON.stringify(rows));
  await writeTargets('collector.yml', [target(ports.collectorPrometheus)]);
  await writeTargets('alertmanager.yml', [{ targets: [`127.0.0.1:${ports.alertmanager}`] }]);
  await writeTargets('pipeline.yml', [
    target(ports.collectorMetrics, { job: 'otelcol' }),
    target(ports.jaegerMetrics, { job: 'jaeger' }),
    target(ports.prometheus, { job: 'prometheus' }),
    target(ports.alertmanager, { job: 'alertmanager' }),
    target(ports.victoriaLogs, { job: 'victoria-logs' }),
  ]);
}

/** Writes Alertmanager's configuration folder for a run, with the local addresses of its receivers. */
export async function writeAlertmanagerFolder(folder: string, ports: Ports, pace: Pace): Promise<void> {
  await mkdir(folder, { recursive: true });
  const routing = await readFile(join(OTEL_FOLDER, 'alertmanager/alertmanager.yml'), 'utf8');
  const addressed = routing
    .replace('http://alert-webhook:9095/', `http://127.0.0.1:${ports.alertWebhook}/`)
    .replace('http://waymark:3000/', `http://127.0.0.1:${ports.service}/`);
  await writeFile(join(folder, 'alertmanager.yml'), pace === 'fast' ? shortenRouting(addressed) : addressed);
}

async function writeShortenedRules(folder: string): Promise<void> {
  await mkdir(join(folder, 'rules'), { recursive: true });
  for (const name of await readdir(join(PROMETHEUS_FOLDER, 'rules'))) {
    const rules = await readFile(join(PROMETHEUS_FOLDER, 'rules', name), 'utf8');
    await writeFile(join(folder, 'rules', name), shortenRules(rules));
  }
  const configuration = await readFile(join(PROMETHEUS_FOLDER, 'prometheus.yml'), 'utf8');
  await writeFile(join(folder, 'prometheus.yml'), configuration.replace(/^( *evaluation_interval:) .*/m, '$1 1s'));
}
