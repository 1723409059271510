import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { post } from '../http/in-process.ts';
import { labelBy, SPAM_TEXT, smallModels, writeSmallVersion } from '../models/small-models.ts';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';

let receiver: OtlpReceiver;
let changer: ServiceProcess;
let follower: ServiceProcess;
let metrics: string;
const byTrace = new Map<string, Set<string>>();

const trace = (at: number) => `${String(at).padStart(4, '0')}${'7c'.repeat(14)}`;

/** Two processes of one models folder: what is changed at one of them is followed by the other. */
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  const MODELS_DIR = await smallModels('1', '2');
  const env = { MODELS_DIR, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
  [changer, follower] = await Promise.all([startProcess(env), startProcess(env)]);
  await post(`${changer.url}/models/spam/activate`, { version: '1', why: 'a try' });
  await post(`${changer.url}/models/spam/canary`, { version: '2', share: 0.5 });
  await writeSmallVersion(MODELS_DIR, 'spam', '3');
  await post(`${changer.url}/v2/repository/models/spam/load`, {});
  await post(`${changer.url}/models/spam/shadow`, { version: '3' });
  await converged();
  for (let at = 0; at < 20; at++) {
    for (const { url } of [changer, follower, changer]) {
      const traceparent = `00-${trace(at)}-00f067aa0ba902b7-01`;
      const { model } = (await (await post(`${url}/predict`, { text: SPAM_TEXT }, { traceparent })).json()) as {
        model: { version: string };
      };
      byTrace.set(trace(at), (byTrace.get(trace(at)) ?? new Set()).add(model.version));
    }
  }
  await post(`${changer.url}/predict`, { text: SPAM_TEXT, model: 'spam@3' });
  await fetch(follower.metricsUrl);
  metrics = await (await fetch(follower.metricsUrl)).text();
  await Promise.all([changer.stop(), follower.stop()]);
}, 60_000);

afterAll(() => receiver.close());

/** Waits for the process that has to find out by itself. */
async function converged(): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const answers = [changer, follower].map(async ({ url }) => (await fetch(`${url}/models/spam`)).text());
    const [one, other] = await Promise.all(answers);
    if (one === other) return;
    await delay(50);
  }
  throw new Error('the processes do not come to serve the same');
}

test('a change is a span and a log record, with who, what, why, from and to', () => {
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
  const line = changer.lines.find(({ msg }) => msg === 'model changed');
  expect(line).toMatchObject({ ...expected, trace_id: span!.traceId, span_id: span!.spanId });
  expect(receiver.spans.map(({ name }) => name)).toEqual(expect.arrayContaining(['model.shadow', 'model.canary']));
});

test('the process that follows a change says so', () => {
  const followed = follower.lines.filter(({ msg }) => msg === 'model changed');
  expect(followed.length).toBeGreaterThan(0);
  expect(followed.map((line) => line['classifier.change.followed'])).toEqual(followed.map(() => true));
});

test('its metrics say who has which role', () => {
  const roles = [...metrics.matchAll(/^classifier_model_info\{([^}]*)\} 1$/gm)].map(([, labels]) => {
    const [, version] = /version="(\d)"/.exec(labels!)!;
    return `${/role="(\w+)"/.exec(labels!)![1]} ${version}`;
  });
  expect(roles.sort()).toEqual(['active 1', 'canary 2', 'shadow 3']);
});

test('a classify span says why its version answered, and a trace has one version, in every process', () => {
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
