import { expect, test } from 'vitest';
import { post } from '../http/in-process.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { startProcess } from '../support/service-process.ts';

const infer = (url: string, data: string[]) =>
  post(`${url}/v2/models/spam/infer`, { inputs: [{ name: 'text', datatype: 'BYTES', shape: [data.length], data }] });

test('an inference is traced as a prediction: one text with its steps, several texts as a batch', async () => {
  const receiver = await startOtlpReceiver();
  const service = await startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
  const single = (await infer(service.url, ['one'])).headers.get('x-trace-id');
  const several = (await infer(service.url, ['one', 'two'])).headers.get('x-trace-id');
  const metrics = await (await fetch(service.metricsUrl)).text();
  await service.stop();
  await receiver.close();

  const namesIn = (traceId: string | null) =>
    receiver.spans
      .filter((span) => span.traceId === traceId)
      .map(({ name }) => name)
      .sort();
  expect(namesIn(single)).toEqual(['POST /v2/models/:name/infer', 'classify', 'score', 'tokenize']);
  expect(namesIn(several)).toEqual(['POST /v2/models/:name/infer', 'classify', 'classify']);
  expect(metrics).toMatch(/^classifier_prediction_duration_seconds_count\{[^}]*model="spam"[^}]*\} 3$/m);
});
