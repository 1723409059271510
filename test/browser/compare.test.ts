import { afterAll, beforeAll, expect, test } from 'vitest';
import { post } from '../http/in-process.ts';
import { smallModels } from '../models/small-models.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';
import { describeConsole } from './support/console.ts';
import { longText, sendPredictions, usualTexts } from './support/traffic.ts';

describeConsole('compare', (openConsole) => {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await startProcess({ MODELS_DIR: await smallModels('1', '3') });
    await post(`${service.url}/models/spam/activate`, { version: '1' });
    await sendPredictions(service.url, usualTexts(600));
    // Version 3 gets only long texts, so it is slow.
    await post(`${service.url}/models/spam/activate`, { version: '3', reason: 'planted' });
    await sendPredictions(service.url, Array.from({ length: 60 }, longText), 2);
    await post(`${service.url}/models/spam/activate`, { version: '1' });
    await sendPredictions(service.url, usualTexts(600));
  });
  afterAll(() => service.stop());

  test('a planted slow version is named first, and the change that began it', async () => {
    const { page, open, expectClean } = await openConsole(service.url);
    await open('#/live?last=all');
    await page.getByText('live', { exact: true }).waitFor();

    // A box around the slow dots, drawn with the mouse from the top left corner to the height of 2 ms.
    const canvas = page.locator('.scatter canvas');
    const { x, y, width, height } = (await canvas.boundingBox())!;
    await page.mouse.move(x + 56, y + 16);
    await page.mouse.down();
    await page.mouse.move(x + width - 12, y + height * 0.4, { steps: 4 });
    await page.mouse.up();
    await page.getByText(/^\d+ selected$/).waitFor();
    await page.getByRole('link', { name: 'What is different about these?' }).click();

    await page.getByRole('heading', { name: 'What is different', exact: true }).waitFor();
    await page.locator('.finding').first().waitFor();
    expect(await page.locator('.finding h3').first().textContent()).toMatch(/version 3|characters|tokens/);
    await page.getByRole('table', { name: 'What changed' }).getByText(/3/).first().waitFor();
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
