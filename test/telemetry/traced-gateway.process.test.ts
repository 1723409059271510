import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GATEWAY_METRIC } from '../../src/gateway/telemetry.ts';
import type { MetricDefinition } from '../../src/telemetry/metric-definition.ts';
import { prometheusName } from '../../src/telemetry/metrics/prometheus-names.ts';
import { postMail, sendMail, spamMail } from '../gateway/in-process.ts';
import { type Family, scrape } from '../support/openmetrics.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { type ServiceProcess, startGatewayProcess, startProcess } from '../support/service-process.ts';

let receiver: OtlpReceiver;
let gateway: ServiceProcess;
let metrics: string;
let families: Map<string, Family>;
let byHttp: string;
let bySmtp: string;

/** Sends one message by HTTP and one by SMTP through both processes, and one while the service is down. */
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  const exported = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
  const service = await startProcess(exported);
  gateway = await startGatewayProcess({
    ...exported,
    WAYMARK_URL: service.url,
    GATEWAY_MAILDIR: await mkdtemp(join(tmpdir(), 'waymark-maildir-')),
    GATEWAY_DEADLINE_MS: '500',
  });
  const smtpUrl = String(gateway.lines.find(({ msg }) => msg === 'ready')!['smtp.url']);
  byHttp = (await postMail(gateway.url, spamMail)).headers.get('x-trace-id')!;
  bySmtp = /trace (\w+)$/.exec(await sendMail(smtpUrl, spamMail))![1]!;
  await service.stop();
  await sendMail(smtpUrl, spamMail);
  metrics = await (await fetch(gateway.metricsUrl)).text();
  families = await scrape(gateway.metricsUrl);
  expect(await gateway.stop()).toBe(0);
});

afterAll(() => receiver.close());

/** Returns name and kind of the spans of a trace, from the root down, while each span has only one child. */
function chain(traceId: string): string[] {
  const spans = receiver.spans.filter((span) => span.traceId === traceId);
  const names: string[] = [];
  const childrenOf = (parent: string | undefined) => spans.filter(({ parentSpanId }) => parentSpanId === parent);
  let level: ReceivedSpan[] = childrenOf(undefined);
  while (level.length === 1) {
    const [span] = level;
    names.push(`${span!.name} ${span!.kind}`);
    level = childrenOf(span!.spanId);
  }
  return names;
}

const [INTERNAL, SERVER, CLIENT] = [1, 2, 3];

describe('a message that passes through both services', () => {
  test('has one trace, from HTTP', () => {
    expect(chain(byHttp)).toEqual([
      `POST /messages ${SERVER}`,
      `POST ${CLIENT}`,
      `POST /predict ${SERVER}`,
      `classify ${INTERNAL}`,
    ]);
  });

  test('has one trace, from SMTP', () => {
    expect(chain(bySmtp)).toEqual([
      `SMTP message ${SERVER}`,
      `POST ${CLIENT}`,
      `POST /predict ${SERVER}`,
      `classify ${INTERNAL}`,
    ]);
    const [received] = receiver.spans.filter(({ traceId, name }) => traceId === bySmtp && name === 'SMTP message');
    expect(received!.attributes).toMatchObject({ 'network.protocol.name': 'smtp', 'mail_gateway.verdict': 'spam' });
  });

  test('has a log record with the ids of the trace and the prediction', () => {
    const line = gateway.lines.find(({ msg, trace_id }) => msg === 'message classified' && trace_id === bySmtp);
    const [classify] = receiver.spans.filter(({ traceId, name }) => traceId === bySmtp && name === 'classify');
    expect(line!['classifier.prediction.id']).toBe(classify!.attributes['classifier.prediction.id']);
  });

  test.each([
    ['mail_gateway_messages_total', 'verdict="spam",protocol="http"', 1],
    ['mail_gateway_messages_total', 'verdict="spam",protocol="smtp"', 1],
    ['mail_gateway_messages_total', 'verdict="unchecked",protocol="smtp"', 1],
    ['mail_gateway_judging_duration_seconds_count', 'protocol="smtp"', 2],
  ])('is counted: %s{%s} is %d', (name, labels, value) => {
    const line = metrics
      .split('\n')
      .find((candidate) => candidate.startsWith(`${name}{`) && candidate.includes(labels));
    expect(line).toMatch(new RegExp(` ${value}$`));
  });

  test('is counted by exactly the defined metrics', () => {
    const defined = Object.values<MetricDefinition>(GATEWAY_METRIC).map((metric) => {
      const name = prometheusName(metric).replace(/_total$/, '');
      return [name, metric.type, metric.description, metric.labels.toSorted()];
    });
    const exposed = [...families]
      .filter(([name]) => name.startsWith('mail_gateway_'))
      .map(([name, { type, help, labels }]) => [name, type, help, [...labels].sort()]);
    expect(exposed.sort()).toEqual(defined.sort());
  });

  test('is counted by the metric of fetch that the dashboard reads', () => {
    expect(families.get('http_client_request_duration_seconds')).toMatchObject({ type: 'histogram' });
  });

  test('is counted with the reason of its log record if it was not classified', () => {
    // The order of these is a race of random pauses against the deadline.
    const reason = gateway.lines.findLast(({ msg }) => msg === 'message classified')!['mail_gateway.unchecked.reason'];
    expect(['connection', 'circuit_open', 'deadline']).toContain(reason);
    const lines = metrics.split('\n').filter((line) => line.startsWith('mail_gateway_unchecked_total{'));
    expect(lines).toEqual([expect.stringContaining(`reason="${reason}",protocol="smtp"`)]);
    expect(lines[0]).toMatch(/ 1$/);
  });

  test('has the service name of the gateway', () => {
    expect(receiver.raw.join()).toContain('mail-gateway');
    expect(metrics).toContain('service_name="mail-gateway"');
  });

  test('has no content in the telemetry', () => {
    const emitted = receiver.raw.join() + JSON.stringify(gateway.lines) + metrics;
    expect(emitted).not.toMatch(/Congratulations|free money|example\.org/);
  });
});
