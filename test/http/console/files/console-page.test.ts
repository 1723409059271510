import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import packageJson from '../../../../package.json' with { type: 'json' };
import { shareServices } from '../../in-process.ts';

const serve = shareServices();

/** The header `accept` of Firefox and Chrome. */
const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

const URLS = {
  JAEGER_UI_URL: 'http://jaeger.example:16686',
  PROMETHEUS_URL: 'http://prometheus.example:9090/?a=1&b="2"',
  GRAFANA_URL: 'https://grafana.example/d/waymark',
};

/** Requests `/` with a header `host` that `fetch` would not send. */
function getLinks(url: string, host: string): Promise<Record<string, string>> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, async (response) => {
      let body = '';
      for await (const chunk of response) body += String(chunk);
      resolve((JSON.parse(body) as { links: Record<string, string> }).links);
    })
      .on('error', reject)
      .end();
  });
}

describe('GET / in a browser', () => {
  test('is the console, which may load only files and routes of this service', async () => {
    const { url } = await serve();
    const response = await fetch(url, { headers: BROWSER });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(response.headers.get('vary')).toMatch(/accept\b.*accept-encoding/i);
    const policy = response.headers.get('content-security-policy')!.split('; ');
    expect(policy).toEqual([
      "default-src 'none'",
      ...['script', 'style', 'img', 'font', 'connect'].map((kind) => `${kind}-src 'self'`),
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]);
  });

  test('has no inline code or style, and relative addresses, so that a path prefix works', async () => {
    const { url } = await serve();
    const html = await (await fetch(url, { headers: BROWSER })).text();
    expect(html).not.toMatch(/<style|style="|\son\w+=|javascript:|<script(?![^>]* src=)/i);
    const parts = [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, part]) => part!);
    expect(parts).toEqual(['console/icon.svg', 'console/console.css', 'console/console.js', 'docs']);
    for (const part of parts) expect((await fetch(`${url}/${part}`)).status).toBe(200);
  });
});

describe('GET /console/{file}', () => {
  test.each([
    ['console.js', /^text\/javascript/],
    ['console.css', /^text\/css/],
    ['icon.svg', /^image\/svg\+xml/],
  ])('%s comes compressed, and is not sent again', async (file, type) => {
    const { url } = await serve();
    const plain = await (await fetch(`${url}/console/${file}`, { headers: { 'accept-encoding': 'identity' } })).text();
    for (const encoding of ['br', 'gzip']) {
      const response = await fetch(`${url}/console/${file}`, { headers: { 'accept-encoding': encoding } });
      expect(response.headers.get('content-type')).toMatch(type);
      expect(response.headers.get('content-encoding')).toBe(encoding);
      expect(await response.text()).toBe(plain);
      const etag = response.headers.get('etag')!;
      const again = await fetch(`${url}/console/${file}`, {
        headers: { 'accept-encoding': encoding, 'if-none-match': etag },
      });
      expect([again.status, again.headers.get('etag')]).toEqual([304, etag]);
    }
  });

  test.each(['index.html', 'nothing.js', '..%2Fconsole-page.ts', 'constructor'])('%s is no file', async (file) => {
    const { url } = await serve();
    const response = await fetch(`${url}/console/${file}`);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  test('needs no token, because a browser sends none when it opens a page', async () => {
    const { url } = await serve({ API_TOKENS: 'secret' });
    expect((await fetch(url, { headers: BROWSER })).status).toBe(200);
    expect((await fetch(`${url}/console/console.js`)).status).toBe(200);
    expect((await fetch(`${url}/models`)).status).toBe(401);
  });
});

describe('GET / for other clients', () => {
  test.each([{ accept: '*/*' }, { accept: 'application/json' }, { accept: 'image/png' }])(
    '%j gets JSON',
    async (headers) => {
      const { url } = await serve(URLS);
      const response = await fetch(url, { headers });
      expect(response.headers.get('content-type')).toMatch(/^application\/json/);
      expect(await response.json()).toEqual({
        name: 'waymark',
        version: packageJson.version,
        description: packageJson.description,
        links: {
          docs: '/docs',
          openapi: '/openapi.json',
          models: '/models',
          live: '/livez',
          ready: '/readyz',
          metrics: 'http://127.0.0.1:9464/metrics',
          jaeger: 'http://jaeger.example:16686/',
          prometheus: 'http://prometheus.example:9090/?a=1&b=%222%22',
          grafana: 'https://grafana.example/d/waymark',
        },
      });
    },
  );

  test('the metrics are on the host of the request if they listen everywhere', async () => {
    const { url } = await serve({
      OTEL_EXPORTER_PROMETHEUS_HOST: '0.0.0.0',
      OTEL_EXPORTER_PROMETHEUS_PORT: '9999',
      ALLOWED_HOSTS: 'waymark.example',
    });
    expect((await getLinks(url, 'waymark.example:3000'))['metrics']).toBe('http://waymark.example:9999/metrics');
    expect((await getLinks(url, '[::1]:3000'))['metrics']).toBe('http://[::1]:9999/metrics');
  });

  test('an invalid host adds no link, and no markup to the page', async () => {
    const { url } = await serve({ OTEL_EXPORTER_PROMETHEUS_HOST: '0.0.0.0' });
    for (const host of ['"><script>', 'a/b', '[']) expect(await getLinks(url, host)).not.toHaveProperty('metrics');
  });

  test('there are no metrics without the SDK', async () => {
    const { url } = await serve({ OTEL_SDK_DISABLED: 'true' });
    expect((await (await fetch(url)).json()) as object).not.toHaveProperty('links.metrics');
  });
});
