import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pace } from './components.ts';
import type { Ports } from './ports.ts';

const SOURCE = join(import.meta.dirname, '../prometheus');

/**
 * Lays out Prometheus's configuration in the run folder: the project's own files by link, and only the addresses anew,
 * since Prometheus looks for both beside the file that it was started with.
 */
export async function layPrometheusFolder(folder: string, ports: Ports, pace: Pace): Promise<void> {
  await mkdir(join(folder, 'targets'), { recursive: true });
  for (const name of (await readdir(SOURCE)).filter((entry) => entry !== 'targets')) {
    await rm(join(folder, name), { force: true });
    await symlink(join(SOURCE, name), join(folder, name));
  }
  const at = (port: number, labels: Record<string, string> = {}) => ({
    targets: [`127.0.0.1:${port}`],
    labels: pace === 'fast' ? { ...labels, __scrape_interval__: '1s', __scrape_timeout__: '1s' } : labels,
  });
  // JSON is YAML too, so the names that prometheus.yml gives to these files hold.
  await writeFile(join(folder, 'targets/collector.yml'), JSON.stringify([at(ports.collectorPrometheus)]));
  await writeFile(
    join(folder, 'targets/pipeline.yml'),
    JSON.stringify([
      at(ports.collectorMetrics, { job: 'otelcol' }),
      at(ports.jaegerMetrics, { job: 'jaeger' }),
      at(ports.prometheus, { job: 'prometheus' }),
      at(ports.victoriaLogs, { job: 'victoria-logs' }),
    ]),
  );
}
