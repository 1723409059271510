import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { hamMail, postMail } from '../../gateway/in-process.ts';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { startGatewayProcess, startProcess } from '../../support/service-process.ts';

const MODULE = '@opentelemetry/auto-instrumentations-node/register';

test.each(['--require', '--import'])(
  'a second SDK by %s is put out of action, and named in one line',
  async (option) => {
    const receiver = await startOtlpReceiver();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      NODE_OPTIONS: `${option} ${MODULE}`,
      // The option loads the second SDK in threads too, where it exports metrics that the receiver cannot read.
      OTEL_METRICS_EXPORTER: 'none',
    };
    const service = await startProcess(env);
    const gateway = await startGatewayProcess({ ...env, WAYMARK_URL: service.url });
    const traceId = (await postMail(gateway.url, hamMail)).headers.get('x-trace-id');
    await gateway.stop();
    await service.stop();
    await receiver.close();
    for (const { lines } of [service, gateway]) {
      expect(
        lines.filter(({ level }) => level !== 'info').map(({ msg, reason }) => (reason === undefined ? msg : reason)),
      ).toEqual([`another OpenTelemetry SDK was loaded before (${MODULE}) and is turned off; start without it`]);
    }
    const spans = receiver.spans.filter((span) => span.traceId === traceId);
    expect(spans.map(({ name, kind }) => `${kind} ${name}`).sort()).toEqual(
      ['1 classify', '1 score', '1 tokenize', '2 POST /messages', '2 POST /predict', '3 POST'].sort(),
    );
    const ids = new Set(spans.map(({ spanId }) => spanId));
    expect(spans.filter(({ parentSpanId }) => !parentSpanId || !ids.has(parentSpanId)).map(({ name }) => name)).toEqual(
      ['POST /messages'],
    );
    expect(receiver.spans.filter(({ kind }) => kind !== 1).every((span) => span.traceId === traceId)).toBe(true);
  },
  // Each process loads two SDKs.
  60_000,
);

test('the gateway sends one traceparent', async () => {
  const seen: string[][] = [];
  const service = createServer((request, response) => {
    seen.push(
      request.rawHeaders.filter((_, at, all) => all[at - (at % 2)]?.toLowerCase() === 'traceparent' && at % 2 === 1),
    );
    request.resume().on('end', () => response.writeHead(500).end());
  }).listen(0, '127.0.0.1');
  await once(service, 'listening');
  onTestFinished(() => void service.close());
  const WAYMARK_URL = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  const gateway = await startGatewayProcess({
    WAYMARK_URL,
    GATEWAY_DEADLINE_MS: '300',
    NODE_OPTIONS: `--require ${MODULE}`,
  });
  const traceId = (await postMail(gateway.url, hamMail)).headers.get('x-trace-id');
  await gateway.stop();
  service.closeAllConnections();
  expect(seen.length).toBeGreaterThan(0);
  for (const values of seen) expect(values).toEqual([expect.stringContaining(`00-${traceId}-`)]);
});
