import { cp, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { post } from '../http/in-process.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';
import { type ConsolePage, describeConsole } from './support/console.ts';
import { longText, sendPredictions, usualTexts } from './support/traffic.ts';

const MODEL = join(import.meta.dirname, '../../models/spam');
/** The pictures of the docs are written on demand only, because each run draws other times and figures. */
const isUpdate = process.env['UPDATE_PICTURES'] === 'true';
const PICTURES = isUpdate
  ? join(import.meta.dirname, '../../docs/console')
  : await mkdtemp(join(tmpdir(), 'waymark-pictures-'));

/** The pages, and what shows that a page is complete. */
const PAGES = [
  [
    'try',
    '#/try',
    async ({ page }: ConsolePage) => {
      await page
        .getByLabel('Text', { exact: true })
        .fill(
          'Congratulations, you won free money, click here to claim your prize now.\n\nSee you on Thursday at the meeting about the release notes.',
        );
      await page.getByRole('button', { name: 'Classify' }).click();
      await page.getByRole('option', { name: /^tokenize/ }).waitFor();
    },
  ],
  [
    'live',
    '#/live?last=all',
    async ({ page }: ConsolePage) => {
      await page.getByText('live', { exact: true }).waitFor();
      const chart = page.getByRole('application', { name: /^Request times of/ });
      await chart.focus();
      for (let presses = 0; presses < 200; presses += 1) {
        await chart.press('ArrowUp');
        if ((await page.locator('.readout').textContent())?.endsWith('slow') === true) break;
      }
      await chart.press('Enter');
      await page
        .locator('.trace-panel')
        .getByRole('option', { name: /^score/ })
        .waitFor();
    },
  ],
  [
    'quality',
    '#/quality',
    async ({ page }: ConsolePage) => {
      await page.getByRole('table', { name: /^Counts by true label/ }).waitFor();
      await page.getByRole('table', { name: 'accuracy by coverage' }).waitFor();
      await page.getByRole('table', { name: /^Distribution of confidence/ }).waitFor();
    },
  ],
  [
    'models',
    '#/models',
    async ({ page }: ConsolePage) => {
      await page.getByRole('table', { name: 'Audit trail' }).waitFor();
    },
  ],
  [
    'compare',
    '#/compare?requestSeconds=0.004..',
    async ({ page }: ConsolePage) => {
      await page.getByRole('heading', { name: 'What is different' }).waitFor();
    },
  ],
] as const;

describeConsole('pages', (openConsole) => {
  let service: ServiceProcess;
  let traceId = '';
  beforeAll(async () => {
    service = await startProcess({ MODELS_DIR: await twoVersions() });
    await post(`${service.url}/models/spam/activate`, { version: '1', reason: 'the version of the release' });
    await post(`${service.url}/models/spam/canary`, {
      version: '2',
      share: 0.2,
      reason: 'trained on the mails of autumn',
    });
    await sendPredictions(service.url, usualTexts(2_000));
    await giveFeedback(service.url);
    const long = Array.from({ length: 60 }, () => longText());
    [traceId = ''] = await sendPredictions(service.url, long, 4);
    await sendPredictions(service.url, usualTexts(1_000));
  });
  afterAll(() => service.stop());

  for (const theme of ['light', 'dark'] as const) {
    test.each(PAGES)(`%s is accessible, and as in its picture, ${theme}`, async (name, address, complete) => {
      const console_ = await openConsole(service.url, { theme });
      await console_.open(address);
      await complete(console_);
      await console_.expectAccessible();
      await console_.page.mouse.move(0, 0);
      await console_.page.screenshot({ path: join(PICTURES, `${name}-${theme}.png`) });
      console_.expectClean();
    });

    test(`trace is accessible, and as in its picture, ${theme}`, async () => {
      const console_ = await openConsole(service.url, { theme });
      await console_.open(`#/trace?id=${traceId}`);
      await console_.page.getByRole('option', { name: /^score/ }).click();
      await console_.expectAccessible();
      await console_.page.screenshot({ path: join(PICTURES, `trace-${theme}.png`) });
      console_.expectClean();
    });
  }

  test.each([360, 768, 1920])('nothing is wider than a screen of %d pixels', async (width) => {
    const { page, open, expectClean } = await openConsole(service.url, { width });
    for (const [, address, complete] of PAGES) {
      await open(address);
      await complete({ page } as ConsolePage);
      expect([
        address,
        await page.evaluate('Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)'),
      ]).toEqual([address, 0]);
    }
    expectClean();
  });
});

/** Gives feedback on some predictions. A few of them are wrong. */
async function giveFeedback(url: string): Promise<void> {
  for (const [at, text] of usualTexts(120).entries()) {
    const { id, prediction } = (await (await post(`${url}/predict`, { text })).json()) as {
      id: string;
      prediction: string;
    };
    const isWrong = at % 13 === 0;
    const label = isWrong ? (prediction === 'spam' ? 'ham' : 'spam') : prediction;
    await post(`${url}/feedback`, { id, label });
  }
}

/** Returns a folder with the bundled model as version 1, and the same again as version 2. */
async function twoVersions(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-models-'));
  for (const version of ['1', '2']) {
    await cp(join(MODEL, '1'), join(folder, 'spam', version), { recursive: true });
    const path = join(folder, 'spam', version, 'manifest.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...manifest, version }));
  }
  return folder;
}
