import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { smallModels, writeSmallVersion } from '../../models/small-models.ts';
import { serve } from '../in-process.ts';

const run = promisify(execFile);
const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
if (chromium === undefined) process.stdout.write('The tests with Chromium are skipped: there is none.\n');

const UNLOAD = '/v2/repository/models/other/unload';

/** A page that does what a page of another site can do to a service, and writes the outcomes into its title. */
const attackPage = (target: string) => `<!doctype html><title>running</title><iframe name="hidden"></iframe>
<form id="form" method="post" enctype="text/plain" target="hidden" action="${target}${UNLOAD}"><input name='{"a' value='":1}'></form>
<script>
const unload = ${JSON.stringify(target + UNLOAD)};
const outcome = (promise) => promise.then((response) => response.type + response.status, (error) => error.name);
(async () => {
  const outcomes = [
    await outcome(fetch(unload, { method: 'POST', mode: 'no-cors', body: '{}' })),
    await outcome(fetch(unload, { method: 'POST', mode: 'no-cors', credentials: 'include', headers: { 'content-type': 'text/plain' }, body: '{}' })),
    await outcome(fetch(unload, { method: 'POST', headers: { authorization: 'Bearer secret' } })),
    await outcome(fetch(unload, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })),
    await outcome(fetch(${JSON.stringify(`${target}/feedback/x`)}, { method: 'DELETE' })),
    await outcome(fetch(${JSON.stringify(`${target}/models`)})),
  ];
  navigator.sendBeacon(unload, '{}');
  const sent = new Promise((resolve) => { document.querySelector('iframe').onload = resolve; setTimeout(resolve, 3000); });
  document.getElementById('form').submit();
  await sent;
  document.title = outcomes.join();
})();
</script>`;

/** Opens a page in a new profile, and returns its document once its scripts have run. */
async function open(url: string, ...options: string[]): Promise<string> {
  const profile = await mkdtemp(join(tmpdir(), 'waymark-chromium-'));
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-dev-shm-usage',
    `--user-data-dir=${profile}`,
  ];
  const { stdout } = await run(chromium!, [...flags, '--virtual-time-budget=15000', ...options, '--dump-dom', url], {
    timeout: 120_000,
  });
  return stdout;
}

async function startAttacker(target: string): Promise<string> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/html').end(attackPage(target));
  });
  // For a browser, this name and 127.0.0.1 are two sites.
  return (await listening(server)).replace('127.0.0.1', 'localhost');
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe.skipIf(chromium === undefined)('in Chromium', { timeout: 300_000 }, () => {
  test.each([
    ['without tokens', {}, {}],
    ['with tokens', { API_TOKENS: 'secret' }, { authorization: 'Bearer secret' }],
  ])('a page of another origin can change nothing and read nothing, %s', async (_, settings, headers) => {
    const MODELS_DIR = await smallModels('1');
    await writeSmallVersion(MODELS_DIR, 'other', '1');
    const { url } = await serve({ MODELS_DIR, ...settings });
    const isReady = async () => (await fetch(`${url}/v2/models/other/ready`, { headers })).status;
    const document = await open(await startAttacker(url));
    expect(document).toContain(`<title>${Array(6).fill('TypeError').join()}</title>`);
    expect(await isReady()).toBe(200);
    // The same request of a program has an effect, so the page was not harmless.
    expect((await fetch(url + UNLOAD, { method: 'POST', headers })).status).toBe(200);
    expect(await isReady()).toBe(404);
  });

  test('the same page reaches a service that does not refuse it', async () => {
    const unloads: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      if (request.method === 'POST') unloads.push(request.headers['sec-fetch-site'] as string);
      response.end();
    });
    const document = await open(await startAttacker(await listening(server)));
    expect(document).toContain('<title>opaque0,opaque0,TypeError,TypeError,TypeError,TypeError</title>');
    // Two requests of scripts, one of a beacon, and the form. The others need a permission first.
    expect(unloads).toEqual(Array(4).fill('cross-site'));
  });

  test('a page by a name that leads to this machine gets no answer of the service', async () => {
    const { url } = await serve();
    const { port } = new URL(url);
    const rebound = `--host-resolver-rules=MAP rebound.example 127.0.0.1`;
    for (const path of ['/models', '/openapi.json', '/docs', '/']) {
      const document = await open(`http://rebound.example:${port}${path}`, rebound);
      expect([path, document]).toEqual([path, expect.stringContaining('host-not-allowed')]);
    }
    expect(await open(`${url}/models`)).toContain('"spam"');
  });
});
