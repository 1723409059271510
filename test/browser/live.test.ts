import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';
import { describeConsole } from './support/console.ts';
import { longText, sendPredictions, usualTexts } from './support/traffic.ts';

/** The number of usual predictions around the slow one. */
const USUAL = 10_000;

describeConsole('live', (openConsole) => {
  let service: ServiceProcess;
  let slowTraceId: string | undefined;
  beforeAll(async () => {
    service = await startProcess();
    await sendPredictions(service.url, usualTexts(USUAL / 2), 4);
    [slowTraceId] = await sendPredictions(service.url, [longText()]);
    await sendPredictions(service.url, usualTexts(USUAL / 2), 4);
  });
  afterAll(() => service.stop());

  test('one slow request among 10,000: find it in the scatter, open its waterfall, see the step', async () => {
    const { page, open, expectClean } = await openConsole(service.url);
    await open('#/live?characters=90000..');
    await page.getByText('1 shown').waitFor();
    await page.getByRole('button', { name: 'Remove all' }).click();
    await page
      .locator('.legend')
      .getByText(/^▲slow [1-9]/)
      .waitFor();

    // By keyboard: the marked dots one after the other, as they would be clicked.
    const chart = page.getByRole('application', { name: /^Request times of/ });
    await chart.focus();
    for (let presses = 0; presses < 400; presses += 1) {
      await chart.press('ArrowDown');
      await chart.press('Enter');
      if (new URL(page.url().replace('#/', '')).searchParams.get('trace') === slowTraceId) break;
    }
    expect(page.url()).toContain(`trace=${slowTraceId}`);
    const verdict = page.locator('.trace-panel .verdict');
    await verdict.waitFor();
    expect(await verdict.textContent()).toMatch(/^tokenize took|^POST|^classify|^score/);
    expect(await page.locator('.trace-panel').getByRole('option').allInnerTexts()).toHaveLength(4);

    await page.getByRole('link', { name: 'Open the trace' }).click();
    await page.getByRole('region', { name: 'Span' }).waitFor();
    await page.getByLabel('Find in this trace').fill('tokenize');
    await page.getByText('1 of 4').waitFor();
    expectClean();
  });

  test('predictions appear as they come, until somebody pauses', async () => {
    const { page, open, expectClean } = await openConsole(service.url);
    await open('#/live?characters=11..11');
    await page.getByText('live', { exact: true }).waitFor();
    const rows = page.getByRole('table', { name: 'Predictions, newest first' }).locator('tbody tr');
    await sendPredictions(service.url, ['hello world']);
    await rows.first().waitFor();
    expect(await rows.count()).toBe(1);
    await page.getByRole('button', { name: 'Pause' }).click();
    await sendPredictions(service.url, ['hello worle']);
    await page.getByText('paused', { exact: true }).waitFor();
    expect(await rows.count()).toBe(1);
    await page.getByRole('button', { name: 'Resume' }).click();
    await expect.poll(() => rows.count()).toBe(2);
    expectClean();
  });

  test('a click on a value filters, the chip turns it round, back takes it away', async () => {
    const { page, open, expectClean } = await openConsole(service.url);
    await open('#/live?last=all');
    const labels = page.getByRole('table', { name: 'Predictions, newest first' }).locator('tbody tr .label');
    await labels.first().waitFor();
    const label = String(await labels.first().textContent());
    await labels.first().click();
    await page.getByRole('list', { name: 'Filters' }).getByText(`prediction ${label}`).waitFor();
    await expect.poll(async () => new Set(await labels.allInnerTexts())).toEqual(new Set([label]));
    await page.getByRole('button', { name: `Turn round: prediction is not ${label}` }).click();
    await expect.poll(async () => (await labels.allInnerTexts()).includes(label)).toBe(false);
    await page.goBack();
    await page.goBack();
    await expect.poll(() => page.getByRole('list', { name: 'Filters' }).count()).toBe(0);
    expectClean();
  });

  test('a filter that is not known gets a sentence', async () => {
    const { page, open } = await openConsole(service.url);
    await open('#/live');
    await page.getByLabel('Filter', { exact: true }).fill('colour = red');
    await page.getByRole('button', { name: 'Add' }).click();
    expect(await page.getByRole('alert').textContent()).toMatch(/^There is no field "colour"/);
  });

  test('a batch of 1,024 predictions is a waterfall of which only the rows in sight are drawn', async () => {
    const response = await fetch(`${service.url}/predict/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ texts: usualTexts(1_024) }),
    });
    const { page, open, expectClean } = await openConsole(service.url);
    await open('#/trace');
    const times = await page.evaluate(paintTime(String(response.headers.get('x-trace-id'))));
    const [total, own] = times as [number, number];
    process.stdout.write(
      `A trace of 1,025 spans was painted ${own} ms after the answer, ${total} ms after its link was opened.\n`,
    );
    await page.getByRole('listbox', { name: 'Spans of the trace, 1025' }).waitFor();
    const spans = page.getByRole('listbox').getByRole('option');
    expect(await spans.count()).toBeLessThan(60);
    await page.getByRole('listbox').focus();
    await page.keyboard.press('End');
    await expect.poll(() => spans.last().getAttribute('aria-posinset')).toBe('1025');
    expectClean();
  });

  test('a trace is exported as OTLP JSON, and shown from the file', async () => {
    const { page, open, expectClean } = await openConsole(service.url);
    await open(`#/trace?id=${slowTraceId}`);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).click();
    const file = await (await download).path();
    await page.getByLabel('File of OTLP JSON').setInputFiles(file);
    await expect.poll(() => page.url()).not.toContain('id=');
    expect(await page.getByRole('listbox').getByRole('option').count()).toBe(4);
    await page.getByLabel('File of OTLP JSON').setInputFiles({
      name: 'notes.json',
      mimeType: 'application/json',
      buffer: Buffer.from('{"a": 1}'),
    });
    expect(await page.getByRole('alert').textContent()).toMatch(/^notes.json cannot be shown. .*OTLP JSON/);
    expectClean();
  });
});

/** Returns a script that opens a trace, and resolves to the milliseconds until its rows are painted. */
function paintTime(traceId: string): string {
  return `new Promise((resolve) => {
    const start = performance.now();
    const look = () => {
      if (document.querySelector('.waterfall-rows > .row') === null) requestAnimationFrame(look);
      else requestAnimationFrame(() => setTimeout(() => {
        const { responseEnd } = performance.getEntriesByType('resource').at(-1);
        const now = performance.now();
        resolve([now - start, now - responseEnd].map(Math.round));
      }));
    };
    location.hash = '#/trace?id=${traceId}';
    look();
  })`;
}
