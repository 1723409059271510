import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { eventually } from '../../tools/stack/check/queries.ts';
import { missingPrerequisite } from '../../tools/stack/install.ts';
import { type Stack, startStack } from '../../tools/stack/stack.ts';
import { postMail, spamMail } from '../gateway/in-process.ts';
import { describeConsole } from './support/console.ts';

const missing = await missingPrerequisite();
if (missing !== undefined && process.env['CI'] === 'true') throw new Error(missing);

describeConsole('the whole stack', (openConsole) => {
  let stack: Stack | undefined;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'waymark-stack-'));
    if (missing !== undefined || inject('chromium') === '') return;
    const signal = new AbortController().signal;
    stack = await startStack({ folder, ports: 'free', pace: 'fast', output: process.stdout, signal });
  }, 1_800_000);
  afterAll(async () => {
    await stack?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test.skipIf(missing !== undefined)('a trace across gateway and service is one waterfall (needs Go)', async () => {
    const { gateway, service } = stack!.urls;
    const traceId = (await postMail(gateway, spamMail)).headers.get('x-trace-id');
    const { page, open, expectClean } = await openConsole(service, { statuses: [404] });
    await eventually(async () => {
      await open(`#/trace?id=${traceId}`);
      await page.reload();
      await page.getByRole('option', { name: /^POST \/messages\b.*mail-gateway/ }).waitFor({ timeout: 2_000 });
    });
    const names = await page.getByRole('option').allTextContents();
    expect(names.join('\n')).toMatch(
      /POST \/messages, mail-gateway(?:.|\n)*POST \/predict, waymark(?:.|\n)*classify, waymark/,
    );
    expect(await page.getByRole('link', { name: 'Jaeger' }).first().getAttribute('href')).toMatch(
      /^http:\/\/127\.0\.0\.1/,
    );
    expectClean();
  });
});
