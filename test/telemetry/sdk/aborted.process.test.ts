import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { startProcess } from '../../support/service-process.ts';

test('the span of a request with a disconnected client has the route, and no status because none was sent', async () => {
  const receiver = await startOtlpReceiver();
  const service = await startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
  const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write('POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{');
  const inProgress = async () => {
    const text = await (await fetch(service.metricsUrl)).text();
    return Number(/^http_server_active_requests\{[^}]*"POST"[^}]*\} (\d+)/m.exec(text)?.[1]);
  };
  await expect.poll(inProgress).toBe(1);
  socket.destroy();
  await expect.poll(inProgress).toBe(0);
  await service.stop();
  const [span] = receiver.spans.filter(({ name }) => name === 'POST /predict');
  expect(span?.attributes).toMatchObject({ 'http.route': '/predict', 'error.type': 'aborted' });
  expect(span?.attributes).not.toHaveProperty('http.response.status_code');
  await receiver.close();
});
