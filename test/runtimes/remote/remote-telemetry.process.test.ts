import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { prometheusName, sanitizeName } from '../../../src/telemetry/metrics/prometheus-names.ts';
import { attributes } from '../../../src/telemetry/registry/attributes.ts';
import { REMOTE_METRICS } from '../../../src/telemetry/registry/metrics.ts';
import { REMOTE_SPAN_DEFINITIONS } from '../../../src/telemetry/registry/spans.ts';
import { post } from '../../http/in-process.ts';
import { smallModels } from '../../models/small-models.ts';
import { type Family, scrape } from '../../support/openmetrics.ts';
import { type ReceivedSpan, startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { type LogLine, startProcess } from '../../support/service-process.ts';
import { chatModel, oipModel, writeRemoteVersion } from './remote-versions.ts';
import { chatSpam, classifySpam, faults, openStandIn, type ReceivedRequest } from './stand-in.ts';

/** A text that no signal may hold. */
const TEXT = 'free money for a secret customer';
const CLIENT = 3;

const traceId = '0af7651916cd43dd8448eb211c80319c';

let spans: ReceivedSpan[];
let clients: ReceivedSpan[];
let requests: { readonly server: readonly ReceivedRequest[]; readonly llm: readonly ReceivedRequest[] };
let families: Map<string, Family>;
let raw: readonly string[];
let lines: readonly LogLine[];

/** Runs a service with both kinds of endpoints, and lets one of them fail once. */
beforeAll(async () => {
  const receiver = await startOtlpReceiver();
  const server = await openStandIn(classifySpam);
  const llm = await openStandIn(chatSpam);
  const models = await smallModels('1');
  await writeRemoteVersion(models, 'far', '1', oipModel(server.url));
  await writeRemoteVersion(models, 'llm', '1', chatModel(llm.url));
  const keys = join(await mkdtemp(join(tmpdir(), 'waymark-keys-')), 'keys.json');
  await writeFile(keys, JSON.stringify({ keys: { [llm.url]: 'sk-hush' } }));
  const service = await startProcess({
    MODELS_DIR: models,
    REMOTE_ENDPOINTS: `${server.url},${llm.url}`,
    REMOTE_KEYS_FILE: keys,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_BLRP_SCHEDULE_DELAY: '50',
  });
  const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
  await post(`${service.url}/predict`, { text: TEXT, model: 'far' }, { traceparent, baggage: 'customer=hush' });
  await post(`${service.url}/predict`, { text: TEXT, model: 'llm' });
  const behave = server.behave;
  server.behave = (response, request) => {
    server.behave = behave;
    faults.error500(response, request);
  };
  await post(`${service.url}/predict`, { text: TEXT, model: 'far' });
  families = await scrape(service.metricsUrl);
  await service.stop();
  await Promise.all([receiver.close(), server.close(), llm.close()]);
  ({ spans, raw } = receiver);
  ({ lines } = service);
  clients = spans.filter(({ kind }) => kind === CLIENT);
  requests = { server: server.requests, llm: llm.requests };
}, 30_000);

test('endpoints have exactly the registered spans with their attributes', () => {
  const byName = Map.groupBy(clients, ({ name }) =>
    name.replace('remote/infer', '{model}/infer').replace('chat small', 'chat {model}'),
  );
  expect([...byName.keys()].sort()).toEqual(REMOTE_SPAN_DEFINITIONS.map(({ name }) => name).sort());
  const [oip, chat] = REMOTE_SPAN_DEFINITIONS;
  const namesOf = (name: string) => new Set(byName.get(name)!.flatMap((span) => Object.keys(span.attributes)));
  expect([...namesOf(oip!.name)].sort()).toEqual([...oip!.attributes].sort());
  // No request of this one has failed or was repeated.
  const always = chat!.attributes.filter((name) => !['error.type', 'http.request.resend_count'].includes(name));
  expect([...namesOf(chat!.name)].sort()).toEqual(always.sort());
  for (const name of REMOTE_SPAN_DEFINITIONS.flatMap((span) => span.attributes))
    expect(attributes.has(name)).toBe(true);
});

test('endpoints carry one trace from the client to the endpoint, below the classify span', () => {
  const [first] = requests.server;
  const span = clients.find(({ spanId }) => first!.headers.traceparent!.includes(spanId))!;
  expect(span.traceId).toBe(traceId);
  const classify = spans.filter(({ name }) => name === 'classify');
  expect(classify.map(({ spanId }) => spanId)).toContain(span.parentSpanId);
  expect(first!.headers).not.toHaveProperty('baggage');
  const own = spans.filter((one) => one.traceId === traceId);
  expect(own.map(({ name }) => name).sort()).toEqual(['POST /predict', 'POST /v2/models/remote/infer', 'classify']);
});

test('endpoints have a span for each attempt', () => {
  const [failed] = clients.filter((span) => span.attributes['error.type'] === '500');
  const repeated = clients.find((span) => span.attributes['http.request.resend_count'] !== undefined);
  expect(repeated!.parentSpanId).toBe(failed!.parentSpanId);
  expect(requests.server).toHaveLength(3);
});

test('endpoints have exactly the registered metrics', () => {
  for (const metric of REMOTE_METRICS) {
    const family = families.get(prometheusName(metric).replace(/_total$/, ''));
    expect(family, metric.name).toMatchObject({ type: metric.type, help: metric.description });
    expect([...family!.labels].sort()).toEqual(metric.labels.map(sanitizeName).sort());
  }
});

test('no signal holds texts or keys', () => {
  expect(requests.llm[0]!.headers.authorization).toBe('Bearer sk-hush');
  const signals = raw.join() + JSON.stringify(lines) + JSON.stringify([...families]);
  expect(signals).not.toContain('secret customer');
  expect(signals).not.toContain('hush');
  expect(signals).not.toContain('unwanted');
});
