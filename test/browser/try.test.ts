import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';
import { describeConsole, numbersOf } from './support/console.ts';

const SPAM = 'Congratulations, you won free money, click here to claim your prize now';

describeConsole('try', (openConsole) => {
  let service: ServiceProcess;
  beforeAll(async () => {
    service = await startProcess();
  });
  afterAll(() => service.stop());

  test('paste a spam mail, read why, say that it is wrong, see the matrix change', async () => {
    const { page, open, expectClean } = await openConsole(service.url);
    await open('');
    await page.getByLabel('Text', { exact: true }).fill(SPAM);
    await page.getByRole('button', { name: 'Classify' }).click();
    await page.getByText('spam', { exact: true }).first().waitFor();

    const marks = page.locator('.marked mark.for');
    await marks.first().waitFor();
    expect((await marks.allInnerTexts()).join(' ')).toMatch(/free|money|click|prize/);
    expect(
      await page.getByRole('table', { name: 'The words that decided' }).locator('tbody tr').count(),
    ).toBeGreaterThan(5);

    await page.getByRole('listbox', { name: /^Spans of the trace/ }).waitFor();
    await page.getByRole('option', { name: /^tokenize/ }).waitFor();

    await page.getByRole('button', { name: 'Wrong, it is ham' }).click();
    await page.getByRole('link', { name: 'See the confusion matrix' }).click();
    await page.getByRole('heading', { level: 1, name: 'Quality' }).waitFor();
    const row = page
      .getByRole('table', { name: /^Counts by true label/ })
      .locator('tbody tr')
      .first();
    await row.waitFor();
    expect(await numbersOf(row)).toEqual([0, 1, 1]);

    // The cell opens the prediction.
    await page.getByRole('link', { name: /^1 100 % with true label ham, predicted spam/ }).click();
    await page.getByRole('table', { name: 'Predictions, newest first' }).locator('tbody tr').first().waitFor();
    expect(await page.getByRole('table', { name: 'Predictions, newest first' }).locator('tbody tr').count()).toBe(1);
    expectClean();
  });

  test('drop a mail: its subject and body are classified', async () => {
    const { page, open, expectClean } = await openConsole(service.url);
    await open('#/try');
    await page.getByLabel('File with a text or a mail').setInputFiles({
      name: 'offer.eml',
      mimeType: 'message/rfc822',
      buffer: Buffer.from(
        `From: a@example.org\r\nSubject: =?utf-8?Q?Free_money?=\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(SPAM).toString('base64')}\r\n`,
      ),
    });
    await page.locator('.outcome').waitFor();
    expect(await page.getByLabel('Text', { exact: true }).inputValue()).toBe(`Free money\n\n${SPAM}`);
    expectClean();
  });

  test('by keyboard only: Ctrl+Enter classifies, Tab reaches the feedback', async () => {
    const { page, open, expectClean } = await openConsole(service.url);
    await open('#/try');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the page');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type(SPAM);
    await page.keyboard.press('Control+Enter');
    await page.locator('.outcome').waitFor();
    for (let presses = 0; presses < 40; presses += 1) {
      await page.keyboard.press('Tab');
      if ((await page.evaluate('document.activeElement.textContent')) === 'Right') break;
    }
    await page.keyboard.press('Enter');
    await page.getByText('Recorded as right').waitFor();
    expectClean();
  });

  test('says what to do about a problem', async () => {
    const { page, open } = await openConsole(service.url, { statuses: [404] });
    await open('#/try?model=none');
    await page.getByLabel('Text', { exact: true }).fill('a text');
    await page.getByRole('button', { name: 'Classify' }).click();
    expect(await page.getByRole('alert').textContent()).toMatch(/No such model is loaded; there are: spam/);
  });
});
