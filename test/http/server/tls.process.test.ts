import { mkdtemp, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { startProcess } from '../../support/service-process.ts';
import { clientFiles, serverFiles } from '../../support/tls-files.ts';
import { serve } from '../in-process.ts';

/** The time that the service may take to notice changed files, on a busy machine. */
const NOTICED = { timeout: 30_000, interval: 250 };

interface Answer {
  status: number | undefined;
  /** The name in the certificate of the server. */
  server: string | undefined;
  body: string;
}

async function send(url: string, client: Awaited<ReturnType<typeof clientFiles>>, body?: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const sent = request(url, { ...client, agent: false, method: body ? 'POST' : 'GET', headers }, (response) => {
      const name = (response.socket as TLSSocket).getPeerCertificate().subject.CN;
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('end', () => resolve({ status: response.statusCode, server: String(name), body: text }));
    });
    sent.on('error', reject).end(body && JSON.stringify(body));
  });
}

describe('with TLS files', () => {
  test('the port speaks HTTPS, no plain HTTP, and its spans say so', { timeout: 90_000 }, async () => {
    const { settings } = await serverFiles();
    const receiver = await startOtlpReceiver();
    const service = await startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...settings });
    expect(service.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    const { status, server, body } = await send(`${service.url}/predict`, await clientFiles(), { text: 'hello' });
    expect([status, server]).toEqual([200, 'server']);
    await expect(fetch(service.url.replace('https', 'http'))).rejects.toThrow();
    // The authority is not one that Node trusts.
    await expect(fetch(`${service.url}/livez`)).rejects.toThrow();
    await service.stop();
    const { traceId } = JSON.parse(body) as { traceId: string };
    const span = receiver.spans.find((one) => one.traceId === traceId && one.name === 'POST /predict');
    expect(span?.attributes).toMatchObject({ 'url.scheme': 'https', 'http.response.status_code': 200 });
    expect(receiver.spans.find((one) => one.name === 'classify')?.parentSpanId).toBe(span?.spanId);
  });

  test('several workers speak HTTPS too', { timeout: 90_000 }, async () => {
    const { settings } = await serverFiles();
    const service = await startProcess({ WORKERS: '2', ...settings });
    expect(service.url).toMatch(/^https:/);
    const client = await clientFiles();
    for (let i = 0; i < 4; i++) {
      expect(await send(`${service.url}/predict`, client, { text: 'hello' })).toMatchObject({
        status: 200,
        server: 'server',
      });
    }
    await service.stop();
  });

  test('files that are replaced are followed, and bad ones keep the former', { timeout: 90_000 }, async () => {
    const { settings, install, replace } = await serverFiles();
    const { url, lines } = await serve(settings);
    const client = await clientFiles();
    const name = async () => (await send(`${url}/livez`, client)).server;
    expect(await name()).toBe('server');
    await install('renewed');
    await expect.poll(name, NOTICED).toBe('renewed');
    await replace(settings.TLS_KEY_FILE, 'stranger.key');
    await expect.poll(() => lines.join('\n'), NOTICED).toContain('certificate not loaded');
    expect(await name()).toBe('renewed');
    await install('server');
    await expect.poll(name, NOTICED).toBe('server');
  });

  test('and an authority of clients, only a client with its certificate is served', { timeout: 60_000 }, async () => {
    const { settings, authority } = await serverFiles();
    const { url } = await serve({ ...settings, TLS_CLIENT_CA_FILE: authority });
    expect((await send(`${url}/livez`, await clientFiles('client'))).status).toBe(200);
    await expect(send(`${url}/livez`, await clientFiles())).rejects.toThrow();
    await expect(send(`${url}/livez`, await clientFiles('stranger'))).rejects.toThrow();
  });

  test('that cannot be used it does not start, and quotes nothing', async () => {
    const { settings, authority, replace } = await serverFiles();
    const bad = join(await mkdtemp(join(tmpdir(), 'waymark-tls-')), 'bad.pem');
    await writeFile(bad, 'PLANTED SECRET');
    const { TLS_CERT_FILE, TLS_KEY_FILE } = settings;
    const attempts: [Record<string, string>, string][] = [
      [{ TLS_CERT_FILE }, 'TLS_KEY_FILE: it is not set'],
      [{ TLS_CLIENT_CA_FILE: authority }, 'TLS_CERT_FILE: it is not set'],
      [{ TLS_CERT_FILE: bad, TLS_KEY_FILE }, 'TLS_CERT_FILE: its content'],
      [{ TLS_CERT_FILE, TLS_KEY_FILE: bad }, 'TLS_KEY_FILE: its content'],
      [{ ...settings, TLS_CLIENT_CA_FILE: bad }, 'TLS_CLIENT_CA_FILE: its content'],
      [{ TLS_CERT_FILE: '/nonexistent', TLS_KEY_FILE }, 'cannot be read'],
    ];
    for (const [attempt, reason] of attempts) {
      await expect(serve(attempt)).rejects.toThrow(reason);
      await expect(serve(attempt)).rejects.not.toThrow('PLANTED');
    }
    await replace(TLS_KEY_FILE, 'renewed.key');
    await expect(serve(settings)).rejects.toThrow('TLS_KEY_FILE: its content cannot be used');
  });
});

test('with METRICS_TOKEN_FILE a scrape needs the token, which can be replaced', { timeout: 60_000 }, async () => {
  const METRICS_TOKEN_FILE = join(await mkdtemp(join(tmpdir(), 'waymark-scrape-')), 'token');
  await writeFile(METRICS_TOKEN_FILE, 'first\n');
  const { metricsUrl, stop } = await startProcess({ METRICS_TOKEN_FILE });
  const scrape = async (token?: string) =>
    (await fetch(metricsUrl, { headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })).status;
  expect([await scrape(), await scrape('second'), await scrape('first')]).toEqual([401, 401, 200]);
  await writeFile(METRICS_TOKEN_FILE, 'second\n');
  expect([await scrape('first'), await scrape('second')]).toEqual([401, 200]);
  await writeFile(METRICS_TOKEN_FILE, '');
  expect([await scrape(), await scrape(''), await scrape('second')]).toEqual([401, 401, 401]);
  await stop();
});
