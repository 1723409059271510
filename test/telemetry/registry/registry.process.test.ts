import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prometheusName, sanitizeName } from '../../../src/telemetry/metrics/prometheus-names.ts';
import { failureLogRecords, logRecords } from '../../../src/telemetry/registry/log-records.ts';
import { metrics } from '../../../src/telemetry/registry/metrics.ts';
import { SERVER_SPAN, SPAN_DEFINITIONS } from '../../../src/telemetry/registry/spans.ts';
import { smallMails } from '../../classifier/small-mails.ts';
import { post } from '../../http/in-process.ts';
import { smallModels } from '../../models/small-models.ts';
import { type Family, scrape } from '../../support/openmetrics.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { type ServiceProcess, startProcess } from '../../support/service-process.ts';

/** A busy machine may make a prediction slow, or not. */
const SLOW = 'slow prediction';

let receiver: OtlpReceiver;
let service: ServiceProcess;
let families: Map<string, Family>;

/** Makes a service do everything that it can, so that it emits all its telemetry. */
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  const models = await smallModels('1', '2');
  const examples = smallMails(30).map((example) => `${JSON.stringify(example)}\n`);
  await writeFile(join(models, 'train.jsonl'), examples.join(''));
  // A canary without any result within 0 seconds leads to a recommendation.
  const policy = { data: '../train.jsonl', retrain: { niceness: 0 }, promote: { giveUpSeconds: 0 } };
  await writeFile(join(models, 'spam/policy.json'), JSON.stringify(policy));
  // A version that cannot be used.
  await mkdir(join(models, 'spam/3'));
  service = await startProcess({
    REVIEW_SHARE: '1',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_BLRP_SCHEDULE_DELAY: '50',
    CAPTURE_TEXT: 'true',
    LOG_LEVEL: 'debug',
    MAX_IN_FLIGHT: '1',
    MODELS_DIR: models,
    BUNDLED_MODELS_DIR: await smallModels('0'),
  });
  await post(`${service.url}/models/spam/activate`, { version: '1' });
  await post(`${service.url}/models/spam/shadow`, { version: '2' });
  const prediction = await post(`${service.url}/predict`, { text: 'Win a prize' });
  const { id } = (await prediction.json()) as { id: string };
  await post(`${service.url}/feedback`, { id, label: 'spam' });
  const correction = { body: JSON.stringify({ label: 'ham' }), headers: { 'content-type': 'application/json' } };
  await fetch(`${service.url}/feedback/${id}`, { method: 'PUT', ...correction });
  await fetch(`${service.url}/feedback/${id}`, { method: 'DELETE' });
  await post(`${service.url}/feedback`, { id, label: 'spam' });
  await post(`${service.url}/models/spam/canary`, { version: '2', share: 0.5 });
  await post(`${service.url}/predict/batch`, { texts: ['one', 'two'] });
  await post(`${service.url}/predict`, { text: 'Win a prize', minConfidence: 1 });
  await post(`${service.url}/predict`, { text: 1 });
  await post(`${service.url}/predict`, { text: 'Win a prize' }, { baggage: 'synthetic=true' });
  await fetch(`${service.url}/nowhere`);
  await post(`${service.url}/maintenance/evaluate`, {});
  await retrain();
  await disconnectEarlyWhileBusy();
  // The results of a shadow are stored once per second.
  await delay(1_500);
  await scrape(service.metricsUrl);
  families = await scrape(service.metricsUrl);
  await service.stop();
}, 60_000);

afterAll(() => receiver.close());

async function retrain(): Promise<void> {
  const { headers } = await post(`${service.url}/models/spam/retrain`, {});
  const state = async () => {
    const { job } = (await (await fetch(new URL(headers.get('location')!, service.url))).json()) as {
      job: { state: string };
    };
    return job.state;
  };
  while ((await state()) === 'running') await delay(50);
  expect(await state()).toBe('succeeded');
}

/** Disconnects before the end of a request. Then sends requests until one is rejected, because of a large batch. */
async function disconnectEarlyWhileBusy(): Promise<void> {
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
  socket.write('POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{');
  await once(socket, 'connect');
  await delay(200);
  socket.destroy();
  const texts = Array.from({ length: 1_024 }, () => 'Win a prize. '.repeat(50));
  for (let status = 200; status !== 503; ) {
    const batch = post(`${service.url}/predict/batch`, { texts });
    const busy = await Promise.all(Array.from({ length: 8 }, () => fetch(`${service.url}/v2/models/spam`)));
    if (busy.some((response) => response.status === 503)) status = 503;
    await batch;
  }
}

describe('spans', () => {
  const registeredName = ({ kind, name }: ReceivedSpan) => (kind === 2 ? SERVER_SPAN : name);

  test('are exactly the registered ones', () => {
    const emitted = new Set(receiver.spans.map(registeredName));
    expect([...emitted].sort()).toEqual(SPAN_DEFINITIONS.map(({ name }) => name).sort());
  });

  test.each(SPAN_DEFINITIONS.map((span) => [span.name, span] as const))(
    '%s has exactly its attributes',
    (name, span) => {
      const ofThisName = receiver.spans.filter((received) => registeredName(received) === name);
      const emitted = new Set(ofThisName.flatMap(({ attributes }) => Object.keys(attributes)));
      expect([...emitted].sort()).toEqual([...span.attributes].sort());
      expect(new Set(ofThisName.map(({ kind }) => kind))).toEqual(new Set([span.kind === 'SERVER' ? 2 : 1]));
    },
  );
});

describe('log records', () => {
  test('on stdout are exactly the registered ones, with exactly their attributes', () => {
    const written: Record<string, string[]> = {};
    for (const { level: _, time: _time, msg, trace_id: _trace, span_id: _span, ...attributes } of service.lines) {
      if (msg === SLOW) continue;
      written[msg] = [...new Set([...(written[msg] ?? []), ...Object.keys(attributes)])].sort();
    }
    const sorted = Object.entries(logRecords).map(([body, names]) => [body, [...names].sort()]);
    expect(written).toEqual(Object.fromEntries(sorted));
  });

  test('over OTLP are the same, except the one after the last export', () => {
    const bodies = new Set(receiver.logs.map(({ body }) => String(body)).filter((body) => body !== SLOW));
    expect([...bodies].sort()).toEqual(
      Object.keys(logRecords)
        .filter((body) => body !== 'stopped')
        .sort(),
    );
    for (const { body, attributes } of receiver.logs) {
      expect({ ...logRecords, ...failureLogRecords }[String(body)]).toEqual(
        expect.arrayContaining(Object.keys(attributes)),
      );
    }
  });
});

describe('metrics', () => {
  const definitions = Object.values(metrics).flat();

  test('are exactly the registered ones', () => {
    const emitted = [...families.keys()].filter((name) => name !== 'target');
    expect(emitted.sort()).toEqual(definitions.map((metric) => prometheusName(metric).replace(/_total$/, '')).sort());
  });

  test.each(definitions.map((metric) => [prometheusName(metric), metric] as const))(
    '%s is as registered',
    (name, metric) => {
      const family = families.get(name.replace(/_total$/, ''))!;
      expect(family.type).toBe(metric.type === 'up-down counter' ? 'gauge' : metric.type);
      expect(family.help).toBe(metric.description);
      // The label of an error is missing if the error did not happen.
      const labels = new Set(
        [...family.labels, 'error_type'].filter((label) => metric.labels.map(sanitizeName).includes(label)),
      );
      expect([...family.labels].filter((label) => !labels.has(label))).toEqual([]);
      expect([...labels].sort()).toEqual(metric.labels.map(sanitizeName).sort());
    },
  );
});
