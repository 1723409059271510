import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { post } from '../http/in-process.ts';
import { labelBy, SPAM_TEXT, smallModels, writeSmallVersion } from '../models/small-models.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';

let receiver: OtlpReceiver;
let first: ServiceProcess;
let second: ServiceProcess;
let metrics: string;
const byTrace = new Map<string, Set<string>>();

const trace = (at: number) => `${String(at).padStart(4, '0')}${'7c'.repeat(14)}`;

/** Starts two processes with one models folder. Both apply the changes that are made through the first one. */
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  const MODELS_DIR = await smallModels('1', '2');
  const env = { MODELS_DIR, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
  [first, second] = await Promise.all([startProcess(env), startProcess(env)]);
  await post(`${first.url}/models/spam/activate`, { version: '1', why: 'a try' });
  await post(`${first.url}/models/spam/canary`, { version: '2', share: 0.5 });
  await writeSmallVersion(MODELS_DIR, 'spam', '3');
  await post(`${first.url}/v2/repository/models/spam/load`, {});
  await post(`${first.url}/models/spam/shadow`, { version: '3' });
  await converged();
  for (let at = 0; at < 20; at++) {
    for (const { url } of [first, second, first]) {
      const traceparent = `00-${trace(at)}-00f067aa0ba902b7-01`;
      const { model } = (await (await post(`${url}/predict`, { text: SPAM_TEXT }, { traceparent })).json()) as {
        model: { version: string };
      };
      byTrace.set(trace(at), (byTrace.get(trace(at)) ?? new Set()).add(model.version));
    }
  }
  await post(`${first.url}/predict`, { text: SPAM_TEXT, model: 'spam@3' });
  await fetch(second.metricsUrl);
  metrics = await (await fetch(second.metricsUrl)).text();
  await Promise.all([first.stop(), second.stop()]);
}, 60_000);

afterAll(() => receiver.close());

/** Waits until both processes report the same roles. */
async function converged(): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const answers = [first, second].map(async ({ url }) => (await fetch(`${url}/models/spam`)).text());
    const [one, other] = await Promise.all(answers);
    if (one === other) return;
    await delay(50);
  }
  throw new Error('the processes do not report the same roles');
}

test('a change has a span and a log record with its attributes', () => {
  const expected = {
    'classifier.model.name': 'spam',
    'classifier.change.what': 'activate',
    'classifier.change.who': 'api',
    'classifier.change.why': 'a try',
    'classifier.change.from': '2',
    'classifier.change.to': '1',
    'classifier.change.revision': 1,
    'classifier.change.followed': false,
  };
  const span = receiver.spans.find(({ name }) => name === 'model.activate');
  expect(span!.attributes).toEqual(expected);
  const parent = receiver.spans.find(({ spanId }) => spanId === span!.parentSpanId);
  expect(parent!.name).toBe('POST /models/:name/activate');
  const line = first.lines.find(({ msg }) => msg === 'model changed');
  expect(line).toMatchObject({ ...expected, trace_id: span!.traceId, span_id: span!.spanId });
  expect(receiver.spans.map(({ name }) => name)).toEqual(expect.arrayContaining(['model.shadow', 'model.canary']));
});

test('the process that applies a change of another process logs this', () => {
  const records = second.lines.filter(({ msg }) => msg === 'model changed');
  expect(records.length).toBeGreaterThan(0);
  expect(records.map((line) => line['classifier.change.followed'])).toEqual(records.map(() => true));
});

test('the metrics have the roles of the versions', () => {
  const roles = [...metrics.matchAll(/^classifier_model_info\{([^}]*)\} 1$/gm)].map(([, labels]) => {
    const [, version] = /version="(\d)"/.exec(labels!)!;
    return `${/role="(\w+)"/.exec(labels!)![1]} ${version}`;
  });
  expect(roles.sort()).toEqual(['active 1', 'canary 2', 'shadow 3']);
});

test('a classify span has the role of its version, and all predictions of a trace have the same version', () => {
  const classified = receiver.spans.filter(({ name }) => name === 'classify');
  const role = { '1': 'active', '2': 'canary', '3': 'named' } as const;
  for (const { attributes } of classified) {
    const version = String(attributes['classifier.model.version']) as keyof typeof role;
    expect(attributes['classifier.model.role']).toBe(role[version]);
    expect(attributes['classifier.prediction.label']).toBe(labelBy(version));
  }
  expect(new Set(classified.map(({ attributes }) => attributes['classifier.model.role']))).toEqual(
    new Set(['active', 'canary', 'named']),
  );
  expect([...byTrace.values()].map((versions) => versions.size)).toEqual(Array(20).fill(1));
});
