import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';
import { load, WIDE_LIMITS } from '../tools/load/run-load.ts';
import { describeConsole } from './support/console.ts';

/** Serves a page. Returns its address. */
async function serve(html: string): Promise<string> {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(html));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function writeReport({ url, metricsUrl }: ServiceProcess): Promise<string> {
  const { html } = await load(['--target', url, '--metrics', metricsUrl, '--duration', '3s', ...WIDE_LIMITS]);
  return html;
}

describeConsole('the report of a load test', (open) => {
  test.each(['light', 'dark'] as const)('can be read on a telephone, %s', async (theme) => {
    const service = await startProcess();
    onTestFinished(async () => void (await service.stop()));
    const url = await serve(await writeReport(service));
    const { page, expectAccessible, open: goTo } = await open(url, { theme, width: 360, height: 740 });
    await goTo('');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    const sizes = (await page.evaluate(
      "[...document.querySelectorAll('figure svg text')].map((text) => text.getBoundingClientRect().height)",
    )) as number[];
    expect(sizes.length).toBeGreaterThan(20);
    expect(Math.min(...sizes)).toBeGreaterThan(8);
    await page.getByRole('heading', { name: 'Slowest requests' }).waitFor();
    await expectAccessible();
  });
});
