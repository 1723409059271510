import { randomBytes } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { installReceivingCollector } from '../../tools/deploy/install.ts';
import { type RunningComponent, start } from '../../tools/stack/processes.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { freePort } from '../support/service-process.ts';

const PROJECT = join(import.meta.dirname, '../..');
const TRACES = 200;
const SPANS_OF_A_TRACE = 3;

/** A stand-in for a Collector that decides: it sends the spans that it gets to a receiver, so that the test can see them. */
const SECOND_TIER = `
extensions:
  health_check: { endpoint: "127.0.0.1:\${env:HEALTH_PORT}" }
receivers:
  otlp: { protocols: { grpc: { endpoint: "127.0.0.1:\${env:GRPC_PORT}" } } }
exporters:
  otlp_http: { endpoint: "\${env:RECEIVER}", encoding: json, compression: none }
service:
  extensions: [health_check]
  pipelines:
    traces: { receivers: [otlp], exporters: [otlp_http] }
  telemetry: { metrics: { level: none } }
`;

describe.skipIf(inject('missingForCheckers'))('the receiving tier of Collectors', () => {
  const running: RunningComponent[] = [];
  const receivers: OtlpReceiver[] = [];
  let url: string;

  beforeAll(async () => {
    const file = await installReceivingCollector(process.stdout, new AbortController().signal);
    const folder = await mkdtemp(join(tmpdir(), 'waymark-tiers-'));
    const secondTier = join(folder, 'second-tier.yaml');
    await writeFile(secondTier, SECOND_TIER);
    const launch = async (name: string, configuration: string, healthPort: number, env: Record<string, string>) => {
      const health = `http://127.0.0.1:${healthPort}`;
      const args = ['--config', configuration];
      const component = { name, file, args, env, cwd: PROJECT, health, stopWithinMs: 10_000 };
      running.push(await start(component, join(folder, `${name}.log`), new AbortController().signal));
    };
    const addresses: string[] = [];
    for (const name of ['first', 'second']) {
      const [receiver, healthPort, grpcPort] = [await startOtlpReceiver(), await freePort(), await freePort()];
      receivers.push(receiver);
      addresses.push(`127.0.0.1:${grpcPort}`);
      const env = { HEALTH_PORT: String(healthPort), GRPC_PORT: String(grpcPort), RECEIVER: receiver.url };
      await launch(name, secondTier, healthPort, env);
    }
    const [healthPort, httpPort] = [await freePort(), await freePort()];
    url = `http://127.0.0.1:${httpPort}/v1/traces`;
    await launch('receiving', join(PROJECT, 'otel/collector/receiving.yaml'), healthPort, {
      COLLECTOR_HEALTH_PORT: String(healthPort),
      COLLECTOR_OTLP_HTTP_PORT: String(httpPort),
      COLLECTOR_OTLP_GRPC_PORT: String(await freePort()),
      COLLECTOR_METRICS_PORT: String(await freePort()),
      COLLECTOR_SECOND_TIER: `[${addresses.join(', ')}]`,
    });
  });

  afterAll(async () => {
    for (const component of running.toReversed()) await component.stop();
    for (const receiver of receivers) await receiver.close();
  });

  test('sends all spans of a trace to one Collector, and uses each of them', async () => {
    const traces = Array.from({ length: TRACES }, () => randomBytes(16).toString('hex'));
    // The spans of a trace come in different requests, as from several services.
    for (let i = 0; i < SPANS_OF_A_TRACE; i++) await send(url, traces);
    const count = () => receivers.reduce((sum, { spans }) => sum + spans.length, 0);
    await vi.waitFor(() => expect(count()).toBe(TRACES * SPANS_OF_A_TRACE), { timeout: 20_000, interval: 100 });
    for (const { spans } of receivers) {
      const sizes = new Set([...Map.groupBy(spans, ({ traceId }) => traceId).values()].map(({ length }) => length));
      expect(sizes).toEqual(new Set([SPANS_OF_A_TRACE]));
      expect(spans.length).toBeGreaterThan((TRACES * SPANS_OF_A_TRACE) / 5);
    }
  });
});

async function send(url: string, traceIds: readonly string[]): Promise<void> {
  const spans = traceIds.map((traceId) => ({
    traceId,
    spanId: randomBytes(8).toString('hex'),
    name: 'POST /predict',
    kind: 2,
    startTimeUnixNano: '1000000000',
    endTimeUnixNano: '2000000000',
  }));
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ resource: {}, scopeSpans: [{ scope: {}, spans }] }] }),
  });
  expect(response.status).toBe(200);
}
