import { expect, test } from 'vitest';
import { post } from '../http/in-process.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { startProcess } from '../support/service-process.ts';

test('a slow prediction is logged with the duration of each step and its trace id', async () => {
  const receiver = await startOtlpReceiver();
  const service = await startProcess({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    NODE_OPTIONS: `--import ${new URL('../stack/faults/slow-model.ts', import.meta.url).href}`,
  });
  const answer = (await (await post(`${service.url}/predict`, { text: 'Win a prize' })).json()) as { traceId: string };
  await service.stop();
  const line = service.lines.find(({ msg }) => msg === 'slow prediction');
  expect(line).toMatchObject({ level: 'warn', trace_id: answer.traceId, 'classifier.model.name': 'spam' });
  const [total, tokenize, score] = ['prediction', 'tokenize', 'score'].map((step) =>
    Number(line![`classifier.${step}.duration`]),
  ) as [number, number, number];
  expect(score).toBeGreaterThanOrEqual(0.04);
  expect(tokenize + score).toBeCloseTo(total, 9);
  expect(receiver.logs.map(({ body }) => body)).toContain('slow prediction');
  await receiver.close();
});
