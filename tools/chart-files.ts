import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const PROJECT = join(import.meta.dirname, '..');

/** The folder of the chart. */
export const CHART = join(PROJECT, 'deploy/helm/waymark');

/** The folders of otel/ whose files the chart carries, by their names in its folder `files`. Helm reads no file outside of a chart. */
const SOURCES = {
  rules: { folder: 'otel/prometheus/rules', names: /\.yml$/ },
  dashboards: { folder: 'otel/grafana/dashboards', names: /\.json$/ },
  collector: { folder: 'otel/collector', names: /^(?:collector|tail-sampling|receiving)\.yaml$/ },
  jaeger: { folder: 'otel/jaeger', names: /^(?:jaeger\.yaml|ui\.json)$/ },
} as const;

/** Returns the files that the chart carries, with their contents, by their paths in the chart. */
export async function chartFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const [target, { folder, names }] of Object.entries(SOURCES)) {
    for (const name of (await readdir(join(PROJECT, folder))).filter((entry) => names.test(entry))) {
      files.set(`files/${target}/${name}`, await readFile(join(PROJECT, folder, name), 'utf8'));
    }
  }
  return files;
}
