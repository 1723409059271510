import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { post } from '../http/in-process.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { startProcess } from '../support/service-process.ts';

const secret = 'correct-horse-battery-staple';

interface Prediction {
  id: string;
  prediction: string;
  traceId: string;
}

test('feedback is followed by its span, its counter and its log record, and never by its text', async () => {
  const receiver = await startOtlpReceiver();
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    DATA_DIR: await mkdtemp(join(tmpdir(), 'waymark-followed-')),
  };
  const service = await startProcess(env);
  const predict = async () =>
    (await (await post(`${service.url}/predict`, { text: `Win a prize` })).json()) as Prediction;
  const [right, wrong] = [await predict(), await predict()];
  const judge = async ({ id }: Prediction, label: string) =>
    (await (await post(`${service.url}/feedback`, { id, label, text: secret })).json()) as {
      traceId: string;
      predictionTraceId: string;
    };
  const other = right.prediction === 'spam' ? 'ham' : 'spam';
  await judge(right, right.prediction);
  await judge(right, right.prediction);
  const { traceId, predictionTraceId } = await judge(wrong, other);
  expect(predictionTraceId).toBe(wrong.traceId);
  const before = await (await fetch(service.metricsUrl)).text();
  await service.stop();

  const restarted = await startProcess(env);
  const after = await (await fetch(restarted.metricsUrl)).text();
  await restarted.stop();
  for (const metrics of [before, after]) {
    for (const actual of [right.prediction, other]) {
      const labels = `model="spam",version="1",actual="${actual}",predicted="${right.prediction}"`;
      expect(metrics).toMatch(new RegExp(`^classifier_feedback_total\\{${labels}\\} 1( |$)`, 'm'));
    }
  }

  const [judged] = receiver.spans.filter((span) => span.name === 'classify' && span.traceId === wrong.traceId);
  const [server] = receiver.spans.filter((span) => span.name === 'POST /feedback' && span.traceId === traceId);
  const [span] = receiver.spans.filter((candidate) => candidate.name === 'feedback' && candidate.traceId === traceId);
  expect(span).toMatchObject({
    kind: 1,
    parentSpanId: server!.spanId,
    links: [expect.objectContaining({ traceId: wrong.traceId, spanId: judged!.spanId })],
    attributes: {
      'classifier.model.name': 'spam',
      'classifier.prediction.id': wrong.id,
      'classifier.feedback.label': other,
      'classifier.feedback.correct': false,
      'classifier.feedback.outcome': 'recorded',
    },
  });
  expect(service.lines).toContainEqual(
    expect.objectContaining({ msg: 'feedback', trace_id: traceId, span_id: span!.spanId }),
  );
  expect(receiver.raw.join() + JSON.stringify(service.lines) + before).not.toContain(secret);
  await receiver.close();
});
