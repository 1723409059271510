import { afterAll, beforeAll, expect, test } from 'vitest';
import { smallModels } from '../models/small-models.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';
import { describeConsole } from './support/console.ts';

describeConsole('models', (openConsole) => {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await startProcess({ MODELS_DIR: await smallModels('1', '2') });
  });
  afterAll(() => service.stop());

  test('a canary is started with a reason, shows its figures, and is rolled back', async () => {
    const { page, open, expectClean } = await openConsole(service.url);
    await open('#/models');
    const versions = page.getByRole('table', { name: 'Versions of spam' });
    const active = await versions.locator('tr.selected th').textContent();
    const other = active === '1' ? '2' : '1';
    const row = versions.getByRole('row').filter({ has: page.getByRole('rowheader', { name: other, exact: true }) });
    await row.getByRole('button', { name: 'Canary' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Share of the requests, in %').fill('25');
    await dialog.getByLabel('Reason, for the audit trail').fill('better on recent mail');
    await dialog.getByRole('button', { name: `Start canary ${other}` }).click();
    await row.getByText('canary 25 %').waitFor();
    await page
      .getByRole('region', { name: `Canary: version ${other}` })
      .getByText('No strong evidence yet')
      .waitFor();
    await page.getByRole('table', { name: 'Audit trail' }).getByText('better on recent mail').waitFor();

    await row.getByRole('button', { name: 'Activate' }).click();
    await dialog.getByRole('button', { name: `Activate version ${other}` }).click();
    await expect.poll(() => versions.locator('tr.selected th').textContent()).toBe(other);
    await page.getByRole('button', { name: 'Roll back' }).click();
    await dialog.getByRole('button', { name: 'Roll back' }).click();
    await expect.poll(() => versions.locator('tr.selected th').textContent()).toBe(active);
    expect(await page.getByRole('table', { name: 'Audit trail' }).locator('tbody tr').count()).toBe(3);
    expectClean();
  });

  test('a refusal is said in the dialog, which stays open', async () => {
    const { page, open } = await openConsole(service.url, { statuses: [409] });
    await open('#/models');
    await page.getByRole('button', { name: 'Retrain' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Retrain' }).click();
    await dialog.getByRole('alert').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => dialog.count()).toBe(0);
  });
});
