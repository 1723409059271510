import { expect, onTestFinished, test } from 'vitest';
import type { PredictionsAnswer, ProcessHistory } from '../../../src/recent/prediction-row.ts';
import type { TraceAnswer } from '../../../src/recent/trace-answer.ts';
import { killAndWait, startWorkers, until } from '../../process/workers.ts';
import { post } from '../in-process.ts';

async function list(url: string, query = ''): Promise<PredictionsAnswer> {
  return (await (await fetch(`${url}/predictions${query}`)).json()) as PredictionsAnswer;
}

/** Sends a request on a connection of its own, so that the workers alternate. */
function postAlone(url: string, body: unknown): Promise<Response> {
  return post(url, body, { connection: 'close' });
}

test('a question goes to all workers, and feedback reaches the worker that made the prediction', async () => {
  const { url, stop } = await startWorkers(2);
  onTestFinished(async () => void (await stop()));
  const ids: string[] = [];
  for (let sent = 0; sent < 8; sent += 1) {
    const response = await postAlone(`${url}/predict`, { text: `mail ${sent}` });
    ids.push(((await response.json()) as { id: string }).id);
  }
  const { predictions, kept, workers } = await list(url);
  expect(workers).toEqual({ asked: 2, answered: 2 });
  expect(kept).toMatchObject({ rows: 8, of: 8 });
  expect(new Set(predictions.map(({ worker }) => worker))).toEqual(new Set([1, 2]));
  expect(predictions.map(({ id }) => id)).toEqual(ids.toReversed());
  expect((await list(url, '?worker=2')).predictions.every(({ worker }) => worker === 2)).toBe(true);
  expect((await list(url, '?limit=3')).predictions.map(({ id }) => id)).toEqual(ids.toReversed().slice(0, 3));

  for (const id of ids) await postAlone(`${url}/feedback`, { id, label: 'spam' });
  await until(async () => (await list(url)).predictions.every(({ feedback }) => feedback?.label === 'spam'));

  for (const { traceId } of predictions.slice(0, 4)) {
    const trace = (await (await fetch(`${url}/traces/${traceId}`)).json()) as TraceAnswer;
    expect(trace.resourceSpans).toHaveLength(1);
  }
  const comparison = await postAlone(`${url}/compare`, { selection: { worker: '2' } });
  expect(await comparison.json()).toMatchObject({ selection: 4, baseline: 4, findings: [] });
});

test('the end of a worker and its replacement are events, and the other workers still answer', async () => {
  const service = await startWorkers(2);
  onTestFinished(async () => void (await service.stop()));
  await killAndWait(service, 2);
  let details: string[] = [];
  await until(async () => {
    const response = await fetch(`${service.url}/process/history`, { headers: { connection: 'close' } });
    details = ((await response.json()) as ProcessHistory).events.map(({ detail }) => detail);
    return details.includes('Worker 2 was replaced.');
  });
  expect(details).toEqual(expect.arrayContaining(['Worker 1 started.', 'Worker 2 ended.', 'Worker 2 started.']));
  expect((await list(service.url)).workers).toEqual({ asked: 2, answered: 2 });
});
