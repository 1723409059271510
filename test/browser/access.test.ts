import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { startProcess } from '../support/service-process.ts';
import { describeConsole } from './support/console.ts';
import { sendPredictions, usualTexts } from './support/traffic.ts';

describeConsole('access', (openConsole) => {
  test('with tokens the page asks for one, keeps it for the tab, and forgets it on demand', async () => {
    const service = await startProcess({ API_TOKENS: 'secret-token' });
    onTestFinished(() => void service.stop());
    const { page, open, expectClean } = await openConsole(service.url, { statuses: [401] });
    await open('#/live');
    await page.getByRole('heading', { name: 'This service needs a token' }).waitFor();
    await page.getByLabel('Token').fill('wrong');
    await page.getByRole('button', { name: 'Use this token' }).click();
    await page.getByText('The service does not know this token').waitFor();
    await page.getByLabel('Token').fill('secret-token');
    await page.getByRole('button', { name: 'Use this token' }).click();
    await page.getByText('live', { exact: true }).waitFor();

    await sendPredictions(service.url, ['hello world'], 1, { authorization: 'Bearer secret-token' });
    const rows = page.getByRole('table', { name: 'Predictions, newest first' }).locator('tbody tr');
    await rows.first().waitFor();

    // A reload keeps the token, and it is neither in the address nor in storage that other tabs see.
    await page.reload();
    await page.getByText('live', { exact: true }).waitFor();
    expect(page.url()).not.toContain('secret');
    expect(await page.evaluate('localStorage.length')).toBe(0);
    expectClean();
    await page.getByRole('button', { name: 'Token: change' }).click();
    await page.getByRole('heading', { name: 'This service needs a token' }).waitFor();
  });

  test('behind a path prefix every page works', async () => {
    const service = await startProcess();
    const proxy = await startProxy(service.url, '/waymark');
    onTestFinished(() => void service.stop());
    const { page, open, expectClean } = await openConsole(proxy);
    await open('');
    await page.getByLabel('Text', { exact: true }).fill('win money now');
    await page.getByRole('button', { name: 'Classify' }).click();
    await page
      .locator('.trace-panel')
      .getByRole('option', { name: /^classify/ })
      .waitFor();
    await page.getByRole('link', { name: 'Live' }).click();
    await page.getByText('live', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'API' }).click();
    await page.getByRole('heading', { name: /^Waymark/ }).waitFor({ timeout: 60_000 });
    expectClean();
  });

  test('with two workers the page shows the predictions of both', async () => {
    const service = await startProcess({ WORKERS: '2' });
    onTestFinished(() => void service.stop());
    const { page, open, expectClean } = await openConsole(service.url);
    await open('#/live?last=all');
    await page.getByText('live', { exact: true }).waitFor();
    await sendPredictions(service.url, usualTexts(200), 8);
    for (const worker of ['1', '2']) {
      await open(`#/live?last=all&worker=${worker}`);
      await page.getByRole('table', { name: 'Predictions, newest first' }).locator('tbody tr').nth(5).waitFor();
    }
    await open('#/live?last=all');
    await page.getByText(/keeps 200 of 200 since/).waitFor();
    expectClean();
  });
});

/** Starts a reverse proxy that adds a path prefix. It stops after the test. Returns its address with the prefix. */
async function startProxy(target: string, prefix: string): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const path = (incoming.url ?? '').slice(prefix.length);
    const { host: _, ...headers } = incoming.headers;
    const forwarded = request(target + path, {
      method: incoming.method,
      headers: { ...headers, host: new URL(target).host },
    });
    forwarded.on('response', (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`;
}
