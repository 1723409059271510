import { expect, test } from 'vitest';
import { hamMail, postMail } from '../../gateway/in-process.ts';
import { post } from '../../http/in-process.ts';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { startGatewayProcess, startProcess } from '../../support/service-process.ts';

/** Runs the service or the gateway for one request, and returns what it sent, logged and exposed. */
async function run(start: typeof startGatewayProcess, env: Record<string, string>) {
  const receiver = await startOtlpReceiver();
  const running = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...env });
  if (start === startGatewayProcess) await postMail(running.url, hamMail);
  else await post(`${running.url}/predict`, { text: 'Win a prize' });
  const metrics = await fetch(running.metricsUrl).then(
    (response) => response.text(),
    () => undefined,
  );
  await running.stop();
  await receiver.close();
  const warnings = running.lines
    .filter(({ level, msg }) => level !== 'info' && /OTEL_|SDK/.test(msg))
    .map(({ msg }) => msg);
  const names = receiver.raw.flatMap((body) => [
    ...body.matchAll(/"service\.name","value":\{"stringValue":"([^"]*)"/g),
  ]);
  return { receiver, metrics, warnings, names: new Set(names.map(([, name]) => name)) };
}

const gateway: typeof startGatewayProcess = startGatewayProcess;
const GATEWAY = { WAYMARK_URL: 'http://127.0.0.1:9', GATEWAY_DEADLINE_MS: '200' };

test.each<[string, string, Record<string, string>]>([
  ['service', 'waymark', {}],
  ['gateway', 'mail-gateway', GATEWAY],
])(
  'the name of the %s is %s, OTEL_RESOURCE_ATTRIBUTES names it otherwise, and OTEL_SERVICE_NAME wins',
  async (kind, name, env) => {
    const start = kind === 'service' ? startProcess : gateway;
    const attributes = 'deployment.environment.name=test, service.name=intents';
    for (const [settings, expected] of [
      [{}, name],
      [{ OTEL_RESOURCE_ATTRIBUTES: attributes }, 'intents'],
      [{ OTEL_RESOURCE_ATTRIBUTES: attributes, OTEL_SERVICE_NAME: 'mine' }, 'mine'],
    ] as const) {
      const { names, metrics } = await run(start, { ...env, ...settings });
      expect([...names]).toEqual([expected]);
      expect(metrics).toContain(`service_name="${expected}"`);
    }
  },
);

test.each([
  ['none', 'otlp', false, true],
  ['otlp', ' NONE ', true, false],
  ['none', 'none', false, false],
])(
  'OTEL_TRACES_EXPORTER=%s and OTEL_LOGS_EXPORTER=%s send traces: %s, logs: %s',
  async (traces, logs, hasTraces, hasLogs) => {
    const { receiver, warnings, metrics } = await run(startProcess, {
      OTEL_TRACES_EXPORTER: traces,
      OTEL_LOGS_EXPORTER: logs,
    });
    expect([receiver.spans.length > 0, receiver.logs.length > 0]).toEqual([hasTraces, hasLogs]);
    expect(metrics).toContain('classifier_predictions_total');
    expect(warnings).toEqual([]);
  },
);

test('OTEL_METRICS_EXPORTER=none opens no port', async () => {
  const { metrics, receiver } = await run(startProcess, { OTEL_METRICS_EXPORTER: 'none' });
  expect(metrics).toBeUndefined();
  expect(receiver.spans.length).toBeGreaterThan(0);
});

test('other exporters are named in one line each, and change nothing', async () => {
  const { receiver, warnings, metrics } = await run(startProcess, {
    OTEL_TRACES_EXPORTER: 'console',
    OTEL_LOGS_EXPORTER: 'otlp,console',
    OTEL_METRICS_EXPORTER: 'otlp',
  });
  expect(warnings).toEqual([
    'OTEL_TRACES_EXPORTER: "console" is not supported and has no effect; supported: otlp, none',
    'OTEL_LOGS_EXPORTER: "console" is not supported and has no effect; supported: otlp, none',
    'OTEL_METRICS_EXPORTER: "otlp" is not supported and has no effect; supported: prometheus, none',
  ]);
  expect([receiver.spans.length > 0, receiver.logs.length > 0]).toEqual([true, true]);
  expect(metrics).toContain('classifier_predictions_total');
});

test.each(['TRUE', 'True'])('OTEL_SDK_DISABLED=%s turns telemetry off', async (OTEL_SDK_DISABLED) => {
  const { receiver, metrics } = await run(startProcess, { OTEL_SDK_DISABLED });
  expect([receiver.raw, metrics]).toEqual([[], undefined]);
});
