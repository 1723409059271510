import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import packageJson from '../../../package.json' with { type: 'json' };
import { serve } from '../in-process.ts';

/** The header `accept` of Firefox and Chrome. */
const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

const URLS = {
  JAEGER_UI_URL: 'http://jaeger.example:16686',
  PROMETHEUS_URL: 'http://prometheus.example:9090/?a=1&b="2"',
  GRAFANA_URL: 'https://grafana.example/d/waymark',
};

async function getPage(settings: Record<string, string> = {}) {
  const { url } = await serve(settings);
  const response = await fetch(url, { headers: BROWSER });
  const html = await response.text();
  const hrefs = [...html.matchAll(/<a href="([^"]*)"/g)].map(([, href = '']) => href.replaceAll('&#38;', '&'));
  return { url, response, html, hrefs };
}

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
  test('is a page that links every entry of the service', async () => {
    const { url, response, hrefs } = await getPage();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(response.headers.get('vary')).toMatch(/accept/i);
    expect(hrefs).toEqual(['/docs', '/openapi.json', '/models', '/livez', '/readyz', 'http://127.0.0.1:9464/metrics']);
    for (const href of hrefs.slice(0, -1)) expect((await fetch(url + href)).status).toBe(200);
  });

  test('links the tools that are configured, escaped', async () => {
    const { html, hrefs } = await getPage(URLS);
    expect(hrefs.slice(-3)).toEqual([
      'http://jaeger.example:16686/',
      'http://prometheus.example:9090/?a=1&b=%222%22',
      'https://grafana.example/d/waymark',
    ]);
    expect(html).toContain('?a=1&#38;b=%222%22"');
  });

  test('runs no script and loads nothing: its policy permits only its own style', async () => {
    const { response, html } = await getPage(URLS);
    const style = /<style>([^<]*)<\/style>/.exec(html)![1]!;
    const hash = createHash('sha256').update(style).digest('base64');
    const policy = response.headers.get('content-security-policy')!.split('; ');
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", `style-src 'sha256-${hash}'`, "frame-ancestors 'none'"]),
    );
    expect(policy.join()).not.toContain('unsafe');
    expect(html).not.toMatch(/<script|style="|\son\w+=|javascript:|<img|@import|url\(/i);
    expect([...html.matchAll(/<link [^>]*href="([^"]*)"/g)].map(([, href]) => href)).toEqual([
      expect.stringMatching(/^data:image\/svg\+xml,/),
    ]);
  });

  test('has a language, a title, one main heading and named links, for light and dark', async () => {
    const { html } = await getPage(URLS);
    expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(html).toMatch(/<meta name="viewport" content="width=device-width, initial-scale=1">/);
    expect(html).toMatch(/<title>[^<]+<\/title>/);
    expect(html.match(/<main>/g)).toHaveLength(1);
    expect(html.match(/<h1>/g)).toHaveLength(1);
    expect([...html.matchAll(/<h2>([^<]+)/g)].map(([, title]) => title)).toEqual(['Use', 'Health', 'Observe']);
    for (const [, text] of html.matchAll(/<a [^>]*>(.*?)<\/a>/g)) {
      expect(text).toMatch(/^<strong>[^<]+<\/strong> <span>[^<]+<\/span>$/);
    }
    expect(html.match(/<svg [^>]*>/g)).toEqual([expect.stringContaining('aria-hidden="true"')]);
    expect(html).toContain('color-scheme: light dark');
    expect(html).toContain('@media (prefers-color-scheme: dark)');
  });

  test.each([
    ['light', /:root \{([^}]*)\}/],
    ['dark', /dark\) \{\s*:root \{([^}]*)\}/],
  ])('has enough contrast for text and links (WCAG AA), %s', async (_, rule) => {
    const { html } = await getPage();
    const colors = new Map(
      [...rule.exec(html)![1]!.matchAll(/--(\w+): #(\w{6})/g)].map(([, name, hex]) => [name, hex!]),
    );
    for (const text of ['text', 'quiet', 'accent']) {
      for (const background of ['page', 'card']) {
        expect(contrast(colors.get(text)!, colors.get(background)!)).toBeGreaterThanOrEqual(4.5);
      }
    }
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

  test('no token is needed, because a browser sends none when it opens a page', async () => {
    const { url } = await serve({ API_TOKENS: 'secret' });
    expect((await fetch(url, { headers: BROWSER })).status).toBe(200);
  });
});

/** The contrast ratio of two colours (WCAG 2.2). */
function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].toSorted((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(hex: string): number {
  const [red, green, blue] = [0, 2, 4]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
