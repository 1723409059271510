import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { post } from '../../http/in-process.ts';
import { startProcess } from '../../support/service-process.ts';

/** Starts a receiver that accepts each batch of spans but one item, and each batch of records. */
async function startReceiver(): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const partialSuccess = { rejectedSpans: '1', errorMessage: 'the span is too old' };
      const answer = request.url === '/v1/traces' ? { partialSuccess } : {};
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a partial success is logged with its number and reason, and its items count as not exported', async () => {
  const service = await startProcess({
    OTEL_EXPORTER_OTLP_ENDPOINT: await startReceiver(),
    OTEL_BSP_SCHEDULE_DELAY: '50',
  });
  await post(`${service.url}/predict`, { text: 'a' });
  const problem = () => service.lines.find(({ msg }) => msg === 'telemetry problem');
  while (!problem()) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(problem()!['reason']).toBe('the receiver refused 1 spans, and they are lost: the span is too old');
  const page = await (await fetch(service.metricsUrl)).text();
  const exported = [...page.matchAll(/^otel_sdk_exporter_span_exported_total\{(.*)\} (\d+)$/gm)];
  const rejected = exported.filter(([, labels]) => labels!.includes('error_type="rejected"'));
  expect(Number(rejected[0]?.[2])).toBeGreaterThanOrEqual(1);
  await service.stop();
});
