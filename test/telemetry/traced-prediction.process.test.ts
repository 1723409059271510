import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { post } from '../http/in-process.ts';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.ts';
import { type ServiceProcess, startProcess } from '../support/service-process.ts';

const secret = 'correct-horse-battery-staple';
const incoming = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

let receiver: OtlpReceiver;
let service: ServiceProcess;
let metrics: string;
let answer: { id: string; prediction: string; confidence: number; model: { version: string }; traceId: string };
let answerHeaders: Headers;
let batch: { predictions: { id: string }[]; traceId: string };
let problem: { traceId: string };

/** Sends one request of each kind and stops the process, so that it has exported everything. */
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  service = await startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
  const response = await post(`${service.url}/predict`, { text: `Wi\u200bn a prize ${secret}` });
  answerHeaders = response.headers;
  answer = (await response.json()) as typeof answer;
  batch = (await (
    await post(`${service.url}/predict/batch`, { texts: ['one', 'two', 'three'] })
  ).json()) as typeof batch;
  const traceparent = `00-${incoming.traceId}-${incoming.spanId}-01`;
  await post(`${service.url}/predict`, { text: 'continued' }, { traceparent });
  problem = (await (await post(`${service.url}/predict`, { text: 1 })).json()) as typeof problem;
  for (let scrapes = 0; scrapes < 2; scrapes++) metrics = await (await fetch(service.metricsUrl)).text();
  await service.stop();
});

afterAll(() => receiver.close());

function spansOf(traceId: string, name?: string): ReceivedSpan[] {
  return receiver.spans.filter((span) => span.traceId === traceId && (name === undefined || span.name === name));
}

describe('a prediction', () => {
  test('has a trace: server, classify, tokenize and score, each with its parent', () => {
    const [server] = spansOf(answer.traceId, 'POST /predict');
    const [classify] = spansOf(answer.traceId, 'classify');
    expect(spansOf(answer.traceId)).toHaveLength(4);
    expect(server).toMatchObject({ kind: 2, attributes: { 'http.route': '/predict', 'http.request.method': 'POST' } });
    expect(server!.parentSpanId).toBeUndefined();
    expect(classify).toMatchObject({ kind: 1, parentSpanId: server!.spanId });
    for (const step of ['tokenize', 'score']) {
      const [span] = spansOf(answer.traceId, step);
      expect(span).toMatchObject({ kind: 1, parentSpanId: classify!.spanId });
      expect(BigInt(span!.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(classify!.startTimeUnixNano));
      expect(BigInt(span!.endTimeUnixNano)).toBeLessThanOrEqual(BigInt(classify!.endTimeUnixNano));
    }
  });

  test('has a classify span with its attributes', () => {
    expect(spansOf(answer.traceId, 'classify')[0]!.attributes).toEqual({
      'classifier.model.name': 'spam',
      'classifier.model.version': answer.model.version,
      'classifier.model.role': 'active',
      'classifier.prediction.id': answer.id,
      'classifier.prediction.label': answer.prediction,
      'classifier.prediction.confidence': answer.confidence,
      'classifier.input.characters': `Wi\u200bn a prize ${secret}`.length,
      'classifier.input.tokens': 7,
      'classifier.input.unknown_ratio': expect.any(Number),
      // The text hides a word behind an invisible character.
      'classifier.anomaly.reason': 'obfuscated',
    });
  });

  test('has a log record on stdout and over OTLP, sampled with its trace', () => {
    const [classify] = spansOf(answer.traceId, 'classify');
    const line = service.lines.find(({ msg, trace_id }) => msg === 'prediction' && trace_id === answer.traceId);
    const record = receiver.logs.find(({ body, traceId }) => body === 'prediction' && traceId === answer.traceId);
    expect(line).toMatchObject({ level: 'info', span_id: classify!.spanId, 'classifier.prediction.id': answer.id });
    expect(line).toMatchObject({ 'classifier.anomaly.reason': 'obfuscated' });
    expect(record).toMatchObject({ spanId: classify!.spanId, attributes: { 'classifier.prediction.id': answer.id } });
    expect(record!.attributes['classifier.prediction.duration']).toBeGreaterThan(0);
  });

  test('has its ids in the response', () => {
    const [server] = spansOf(answer.traceId, 'POST /predict');
    expect(answerHeaders.get('traceresponse')).toBe(`00-${answer.traceId}-${server!.spanId}-01`);
    expect(answerHeaders.get('x-trace-id')).toBe(answer.traceId);
  });

  test('has a classify span of its own in a batch, below one server span', () => {
    const [server] = spansOf(batch.traceId, 'POST /predict/batch');
    const classified = spansOf(batch.traceId, 'classify');
    expect(spansOf(batch.traceId)).toHaveLength(4);
    expect(classified.map(({ parentSpanId }) => parentSpanId)).toEqual(Array(3).fill(server!.spanId));
    expect(classified.map(({ attributes }) => attributes['classifier.prediction.id']).sort()).toEqual(
      batch.predictions.map(({ id }) => id).sort(),
    );
  });

  test('continues the trace of its caller', () => {
    expect(spansOf(incoming.traceId, 'POST /predict')[0]).toMatchObject({ parentSpanId: incoming.spanId });
    expect(spansOf(incoming.traceId)).toHaveLength(4);
  });

  test('that was rejected has a server span', () => {
    expect(spansOf(problem.traceId)).toEqual([
      expect.objectContaining({
        name: 'POST /predict',
        attributes: expect.objectContaining({ 'http.response.status_code': 422 }),
      }),
    ]);
  });
});

describe('the metrics', () => {
  test.each([
    ['classifier_predictions_total', 5],
    ['classifier_prediction_duration_seconds_count', 5],
    ['classifier_prediction_confidence_count', 5],
    ['classifier_anomalies_total', 6],
    ['classifier_errors_total', 1],
    ['classifier_model_info', 1],
    ['http_server_request_duration_seconds_count', 4],
    ['http_server_active_requests', 0],
  ])('%s adds up to %d', (name, total) => {
    const samples = metrics.split('\n').filter((line) => line.startsWith(`${name}{`));
    expect(samples.length).toBeGreaterThan(0);
    expect(samples.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)).toBe(total);
  });

  test.each([
    'process_cpu_time_seconds_total',
    'process_memory_usage_bytes',
    'nodejs_eventloop_utilization_ratio',
    'nodejs_eventloop_delay_p99_seconds',
    'v8js_memory_heap_used_bytes',
    'otel_sdk_processor_span_queue_size',
    'otel_sdk_processor_log_queue_capacity',
  ])('include %s', (name) => {
    expect(metrics).toMatch(new RegExp(`^${name}(\\{| )`, 'm'));
  });
});

test('a scrape of the metrics is neither traced nor counted', async () => {
  expect(metrics).not.toMatch(/^http_server_request_duration_seconds_count\{(?!.*http_route)/m);
  expect(receiver.spans.filter(({ name, kind }) => kind === 2 && name === 'GET')).toEqual([]);
});

test('no text leaves the process', () => {
  expect(receiver.raw.join()).not.toContain(secret);
  expect(JSON.stringify(service.lines)).not.toContain(secret);
  expect(metrics).not.toContain(secret);
});

test('with CAPTURE_TEXT the text is on the classify span', async () => {
  const otlp = await startOtlpReceiver();
  const capturing = await startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url, CAPTURE_TEXT: 'true' });
  await post(`${capturing.url}/predict`, { text: 'to be captured' });
  await capturing.stop();
  const [classify] = otlp.spans.filter(({ name }) => name === 'classify');
  expect(classify!.attributes['classifier.input.text']).toBe('to be captured');
  await otlp.close();
});
