import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { post } from '../../http/in-process.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { freePort, type ServiceProcess, startProcess } from '../../support/service-process.ts';

let service: ServiceProcess;
let receiver: OtlpReceiver | undefined;

afterEach(async () => {
  await service.stop();
  await receiver?.close();
  receiver = undefined;
});

/** Settings for short times. The exporter of the SDK gives up after the timeout instead of 10 s, and the tests cover the time after it. */
const shortTimes = {
  OTEL_BSP_SCHEDULE_DELAY: '50',
  OTEL_BLRP_SCHEDULE_DELAY: '50',
  OTEL_EXPORTER_OTLP_TIMEOUT: '200',
};
const problems = () =>
  service.lines.filter(({ msg }) => msg === 'telemetry problem').map((line) => String(line['reason']));

async function predict(times: number): Promise<void> {
  for (let i = 0; i < times; i++) await post(`${service.url}/predict`, { text: `text ${i}` });
}

async function sample(name: string, labels: string): Promise<number> {
  const text = await (await fetch(service.metricsUrl)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name}{`) && candidate.includes(labels));
  return Number(line?.slice(line.lastIndexOf(' ')) ?? 0);
}

test('telemetry from an outage of the receiver arrives after it, and the outage is logged once', async () => {
  const port = await freePort();
  service = await startProcess({ ...shortTimes, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
  await predict(50);
  await delay(500);
  receiver = await startOtlpReceiver(port);
  await expect
    .poll(() => receiver!.spans.filter(({ name }) => name === 'classify').length, { timeout: 15_000 })
    .toBe(50);
  await expect
    .poll(() => receiver!.logs.filter(({ body }) => body === 'prediction').length, { timeout: 15_000 })
    .toBe(50);
  expect(problems().filter((reason) => reason.includes('spans'))).toHaveLength(1);
});

test('telemetry that does not fit into the queue is counted, and logged once', async () => {
  service = await startProcess({
    ...shortTimes,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
    OTEL_BSP_MAX_QUEUE_SIZE: '40',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10',
    OTEL_BLRP_MAX_QUEUE_SIZE: '10',
    OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '10',
    SHUTDOWN_TIMEOUT_MS: '1000',
  });
  await predict(50);
  const full = 'error_type="queue_full"';
  // 4 spans per prediction, and one for the load of the model. 40 wait and at most 10 are being exported.
  const droppedSpans = await sample('otel_sdk_processor_span_processed_total', full);
  expect(droppedSpans).toBeGreaterThanOrEqual(50 * 4 + 1 - 40 - 10);
  expect(droppedSpans).toBeLessThanOrEqual(50 * 4 + 1 - 40);
  expect(await sample('otel_sdk_processor_log_processed_total', full)).toBeGreaterThanOrEqual(50 - 10 - 10);
  expect(await sample('otel_sdk_processor_span_queue_size', '')).toBe(40);
  // Lines wait a short time before they are written.
  const fullQueue = (records: string) => problems().filter((reason) => reason.includes(`queue of ${records} is full`));
  await expect.poll(() => fullQueue('spans').length).toBe(1);
  await expect.poll(() => fullQueue('log records').length).toBe(1);
  // The message does not belong to the request during which the queue was full.
  expect(service.lines.filter(({ msg, trace_id }) => msg === 'telemetry problem' && trace_id)).toEqual([]);
});

test('a limit on attributes of log records applies', async () => {
  receiver = await startOtlpReceiver();
  service = await startProcess({
    ...shortTimes,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: '4',
  });
  await predict(1);
  await service.stop();
  const [prediction] = receiver.logs.filter(({ body }) => body === 'prediction');
  expect(prediction!.attributes['classifier.prediction.id']).toHaveLength(4);
});

test.each([
  ['application/json', {}],
  ['application/x-protobuf', { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' }],
  ['application/json', { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }],
])('spans and log records are sent as %s under %j', async (type, settings) => {
  const received = new Map<string, string>();
  const collector = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const key = `${request.url} ${request.headers['content-type']}`;
      received.set(key, (received.get(key) ?? '') + Buffer.concat(chunks).toString('latin1'));
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  service = await startProcess({
    ...shortTimes,
    ...settings,
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
  });
  await predict(1);
  await service.stop();
  collector.close();
  // Strings are readable in both encodings.
  expect(received.get(`/v1/traces ${type}`)).toContain('classifier.prediction.id');
  expect(received.get(`/v1/logs ${type}`)).toContain('stopping');
  expect(received.size).toBe(2);
});
