import { expect, test } from 'vitest';
import { post } from '../../http/in-process.ts';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { startProcess } from '../../support/service-process.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const spanId = 'b7ad6b7169203331';

/** The spans of one prediction under these settings. */
async function predict(env: Record<string, string>, headers: Record<string, string> = {}) {
  const receiver = await startOtlpReceiver();
  const service = await startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...env });
  await post(`${service.url}/predict`, { text: 'Win a prize' }, headers);
  await service.stop();
  await receiver.close();
  return (name: string) => receiver.spans.find((span) => span.name === name)!;
}

test('limits on spans apply', async () => {
  const find = await predict({ OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '3', OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '2' });
  expect(find('POST /predict').attributes).toEqual({ 'http.request.method': 'POS', 'url.scheme': 'htt' });
  expect(find('classify').attributes).toEqual({ 'classifier.model.name': 'spa', 'classifier.model.version': '1' });
  expect(find('tokenize').parentSpanId).toBe(find('classify').spanId);
});

test('a trace is continued with another propagator than the default', async () => {
  const b3 = { 'x-b3-traceid': traceId, 'x-b3-spanid': spanId, 'x-b3-sampled': '1' };
  const find = await predict({ OTEL_PROPAGATORS: 'b3' }, b3);
  expect(find('POST /predict')).toMatchObject({ traceId, parentSpanId: spanId });
});

test('baggage without a trace starts no trace', async () => {
  const find = await predict({}, { baggage: 'a=b', tracestate: 'ot=th:8' });
  expect(find('POST /predict').parentSpanId).toBeUndefined();
  expect(find('classify').parentSpanId).toBe(find('POST /predict').spanId);
});
