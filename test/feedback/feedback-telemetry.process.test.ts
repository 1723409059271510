import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { post } from '../http/in-process.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { startProcess } from '../support/service-process.ts';

const SECRET = 'correct-horse-battery-staple';

interface Prediction {
  id: string;
  prediction: string;
  traceId: string;
}

test('feedback has a span, a counter and a log record, and none of them contains its text', async () => {
  const receiver = await startOtlpReceiver();
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    DATA_DIR: await mkdtemp(join(tmpdir(), 'waymark-feedback-telemetry-')),
  };
  const service = await startProcess(env);
  const predict = async () => (await (await post(`${service.url}/predict`, { text: SECRET })).json()) as Prediction;
  const [right, wrong] = [await predict(), await predict()];
  const sendFeedback = async ({ id }: Prediction, label: string) =>
    (await (await post(`${service.url}/feedback`, { id, label, text: SECRET })).json()) as {
      traceId: string;
      predictionTraceId: string;
    };
  const otherLabel = right.prediction === 'spam' ? 'ham' : 'spam';
  await sendFeedback(right, right.prediction);
  await sendFeedback(right, right.prediction);
  const { traceId, predictionTraceId } = await sendFeedback(wrong, otherLabel);
  expect(predictionTraceId).toBe(wrong.traceId);
  const before = await (await fetch(service.metricsUrl)).text();
  await service.stop();

  const restarted = await startProcess(env);
  const after = await (await fetch(restarted.metricsUrl)).text();
  await restarted.stop();
  for (const metrics of [before, after]) {
    for (const actual of [right.prediction, otherLabel]) {
      const labels = `model="spam",version="1",source="truth",actual="${actual}",predicted="${right.prediction}"`;
      expect(metrics).toMatch(new RegExp(`^classifier_feedback_total\\{${labels}\\} 1( |$)`, 'm'));
    }
    for (const correct of [true, false]) {
      const labels = `model="spam",version="1",source="truth",bin="0\\.\\d-\\d\\.\\d",correct="${correct}"`;
      expect(metrics).toMatch(new RegExp(`^classifier_feedback_confidence_total\\{${labels}\\} 1( |$)`, 'm'));
    }
  }

  const [predictionSpan] = receiver.spans.filter((span) => span.name === 'classify' && span.traceId === wrong.traceId);
  const [serverSpan] = receiver.spans.filter((span) => span.name === 'POST /feedback' && span.traceId === traceId);
  const [span] = receiver.spans.filter((candidate) => candidate.name === 'feedback' && candidate.traceId === traceId);
  expect(span).toMatchObject({
    kind: 1,
    parentSpanId: serverSpan!.spanId,
    links: [expect.objectContaining({ traceId: wrong.traceId, spanId: predictionSpan!.spanId })],
    attributes: {
      'classifier.model.name': 'spam',
      'classifier.prediction.id': wrong.id,
      'classifier.feedback.label': otherLabel,
      'classifier.feedback.correct': false,
      'classifier.feedback.outcome': 'recorded',
    },
  });
  expect(service.lines).toContainEqual(
    expect.objectContaining({ msg: 'feedback', trace_id: traceId, span_id: span!.spanId }),
  );
  expect(receiver.raw.join() + JSON.stringify(service.lines) + before).not.toContain(SECRET);
  await receiver.close();
});
