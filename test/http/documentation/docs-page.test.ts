import { expect, test } from 'vitest';
import { shareServices } from '../in-process.ts';

const serve = shareServices();

test('GET /openapi.json returns the document', async () => {
  const { url } = await serve();
  const response = await fetch(`${url}/openapi.json`);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(await response.json()).toMatchObject({ openapi: '3.1.1', info: { title: 'Waymark' } });
});

test('GET /docs returns a page with files of this service only', async () => {
  const { url } = await serve();
  const response = await fetch(`${url}/docs`);
  expect(response.headers.get('content-type')).toMatch(/^text\/html/);
  expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'self';/);
  const page = await response.text();
  const parts = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, part]) => part!);
  expect(parts).toHaveLength(7);
  expect(parts).toEqual(expect.arrayContaining(['./', 'console/icon.svg', 'docs/runbooks']));
  for (const part of parts.filter((part) => /^docs.*\./.test(part))) {
    expect(part).toMatch(/^docs\//);
    const file = await fetch(`${url}/${part}`);
    expect(file.status).toBe(200);
    expect(file.headers.get('content-type')).toMatch(part.endsWith('.css') ? /^text\/css/ : /^text\/javascript/);
    expect((await file.text()).length).toBeGreaterThan(50);
  }
});

test.each(['nothing.js', 'package.json', '..%2Fpackage.json', 'constructor'])(
  'GET /docs/%s is not a file of the page',
  async (file) => {
    const { url } = await serve();
    expect((await fetch(`${url}/docs/${file}`)).status).toBe(404);
  },
);
