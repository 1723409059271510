import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PredictionsAnswer } from '../../src/recent/prediction-row.ts';
import { post } from '../http/in-process.ts';
import { smallModels } from '../models/small-models.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';
import { describeConsole } from './support/console.ts';
import { longText, sendPredictions, usualTexts } from './support/traffic.ts';

/** The number of predictions of the slow version. */
const SLOW = 60;

describeConsole('compare', (openConsole) => {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await startProcess({ MODELS_DIR: await smallModels('1', '3') });
    await post(`${service.url}/models/spam/activate`, { version: '1' });
    await sendPredictions(service.url, usualTexts(600), 1);
    // Version 3 gets only long texts, so it is slow.
    await post(`${service.url}/models/spam/activate`, { version: '3', reason: 'planted' });
    await sendPredictions(service.url, Array.from({ length: SLOW }, longText), 1);
    await post(`${service.url}/models/spam/activate`, { version: '1' });
    await sendPredictions(service.url, usualTexts(600), 1);
  });
  afterAll(() => service.stop());

  test('a box drawn in the scatter selects predictions, and leads to their comparison', async () => {
    const { page, open, expectClean } = await openConsole(service.url);
    await open('#/live?last=all');
    await page.getByText('live', { exact: true }).waitFor();
    const { x, y, width, height } = (await page.locator('.scatter canvas').boundingBox())!;
    await page.mouse.move(x + 56, y + 16);
    await page.mouse.down();
    await page.mouse.move(x + width - 12, y + height - 26, { steps: 4 });
    await page.mouse.up();
    await page.getByText(/^1,\d+ selected$/).waitFor();
    await page.getByRole('link', { name: 'What is different about these?' }).click();
    await page.getByRole('heading', { name: 'Compare', exact: true }).waitFor();
    await page
      .getByRole('list', { name: 'Filters' })
      .getByText(/^request time .* to /)
      .waitFor();
    expectClean();
  });

  test('a planted slow version is named first, and the change that began it', async () => {
    const answer = await fetch(`${service.url}/predictions?version=3&limit=1000`);
    const { predictions } = (await answer.json()) as PredictionsAnswer;
    expect(predictions).toHaveLength(SLOW);
    // As high as a box that holds all slow predictions. Other requests can be as slow if the machine is busy.
    const low = Math.min(...predictions.map(({ requestSeconds }) => requestSeconds));
    const times = predictions.map(({ time }) => Date.parse(time));
    const box = [Math.min(...times) - 60_000, Math.max(...times) + 60_000, low * 0.99, 60];
    const { page, open, expectClean } = await openConsole(service.url);
    await open(`#/live?last=all&box=${box.join('_')}`);
    await page.getByText(/^\d+ selected$/).waitFor();
    await page.getByRole('link', { name: 'What is different about these?' }).click();

    await page.locator('.finding').first().waitFor();
    expect(await page.locator('.finding h3').first().textContent()).toMatch(/version 3|characters|tokens|tokenize/);
    await page.getByRole('table', { name: 'What changed' }).getByText('Version 3 of spam is active').first().waitFor();
    await page.locator('.finding').first().getByRole('link', { name: 'Show only these' }).click();
    await page.getByRole('table', { name: 'Predictions, newest first' }).locator('tbody tr').first().waitFor();
    expectClean();
  });

  test('without a selection the page says how to make one', async () => {
    const { page, open } = await openConsole(service.url);
    await open('#/compare');
    await page.getByText('Select predictions first').waitFor();
  });
});
