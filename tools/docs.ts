/**
 * `npm run docs`: writes the documents and the code that are generated. Tests fail if they are not current. With `--pictures`
 * it draws the dashboards too, with the stack and three minutes of real traffic.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CHART, chartFiles } from './chart-files.ts';
import { dashboardFiles } from './dashboards/dashboard-files.ts';
import { runbooksPage } from './runbooks-page.ts';
import { telemetryDocument } from './telemetry-document.ts';
import { unicodeDataSource } from './unicode-data.ts';

const PROJECT = join(import.meta.dirname, '..');

await writeFile(join(PROJECT, 'docs/telemetry.md'), telemetryDocument());
await writeFile(join(PROJECT, 'src/classifier/text/unicode-data.ts'), unicodeDataSource());

const runbooks = await readFile(join(PROJECT, 'docs/runbooks.md'), 'utf8');
await writeFile(join(PROJECT, 'src/http/documentation/runbooks.html'), runbooksPage(runbooks));

for (const [name, content] of dashboardFiles())
  await writeFile(join(PROJECT, 'otel/grafana/dashboards', name), content);

// The chart carries the rules, the dashboards and the configurations above. A file that is gone there is gone here.
await rm(join(CHART, 'files'), { recursive: true, force: true });
for (const [path, content] of await chartFiles()) {
  await mkdir(dirname(join(CHART, path)), { recursive: true });
  await writeFile(join(CHART, path), content);
}

if (process.argv.includes('--pictures')) {
  const drawing = spawn(process.execPath, [join(PROJECT, 'tools/pictures/main.ts')], { stdio: 'inherit' });
  const [code] = await once(drawing, 'close');
  process.exitCode = code === 0 ? 0 : 1;
}
