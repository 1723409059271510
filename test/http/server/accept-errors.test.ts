import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Server } from 'node:http';
import { expect, test } from 'vitest';
import { UnitNamingPrometheusExporter } from '../../../src/telemetry/metrics/prometheus-exporter.ts';
import { freePort } from '../../support/service-process.ts';
import { serve } from '../in-process.ts';

const REQUEST_START = 'http.server.request.start';

/** Requests a URL of a server in this process, and returns the server. */
async function serverOf(url: string): Promise<Server> {
  let server: Server | undefined;
  const listener = (message: unknown) => {
    server = (message as { server: Server }).server;
  };
  subscribe(REQUEST_START, listener);
  await (await fetch(url)).arrayBuffer();
  unsubscribe(REQUEST_START, listener);
  return server!;
}

const acceptError = () => Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' });

test('connections that cannot be accepted end neither the service nor a scrape', async () => {
  const { url, lines } = await serve();
  const port = await freePort();
  const exporter = new UnitNamingPrometheusExporter({ host: '127.0.0.1', port });
  await exporter.startServer();
  for (const address of [`${url}/livez`, `http://127.0.0.1:${port}/metrics`]) {
    const server = await serverOf(address);
    for (let i = 0; i < 3; i++) server.emit('error', acceptError());
    await (await fetch(address)).arrayBuffer();
  }
  expect(lines.filter((line) => line.includes('"msg":"connection failed"'))).toHaveLength(3);
  await exporter.shutdown();
});
