import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { createPredictionIds } from '../../../src/predictions/prediction-id.ts';
import { post, serve } from '../in-process.ts';

const KEY = 'a key that this test shares with the service';
const ids = createPredictionIds(KEY);

/** Texts that take many rounds of the event loop on any machine. */
const TEXTS = Array.from({ length: 1_000 }, (_, i) => `Message ${i}: please see the attached minutes. `.repeat(200));

const serveBatches = () => serve({ PREDICTION_ID_KEY: KEY, MAX_BODY_BYTES: String(32 * 1024 * 1024) });

/** Returns the times in the ids of predictions. */
const timesOf = (predictions: readonly { id: string }[]) => predictions.map(({ id }) => ids.verify(id)!.time);

async function predictOne(url: string): Promise<number> {
  const answer = (await (await post(`${url}/predict`, { text: 'Win a prize' })).json()) as { id: string };
  return timesOf([answer])[0]!;
}

describe.each([
  ['/predict/batch', { texts: TEXTS }],
  ['/v2/models/spam/infer', { inputs: [{ name: 'text', datatype: 'BYTES', shape: [TEXTS.length], data: TEXTS }] }],
])('a large batch to %s', (path, body) => {
  test('does not block other requests', async () => {
    const { url } = await serveBatches();
    let done = false;
    const batch = post(`${url}${path}`, body).then((response) => {
      done = true;
      return response.json() as Promise<Record<string, unknown>>;
    });
    const others: number[] = [];
    while (!done) others.push(await predictOne(url));
    const times = timesOf(idsIn(await batch));
    expect(times).toHaveLength(TEXTS.length);
    // All times are of the clock of the service: single predictions lie between the first and the last of the batch.
    expect(others.filter((time) => time > times[0]! && time < times.at(-1)!)).not.toHaveLength(0);
  });

  test('is cancelled when its client disconnects', async () => {
    const { url } = await serveBatches();
    const predicted = async () => {
      const report = (await (await fetch(`${url}/drift`)).json()) as { predictions: number };
      return report.predictions;
    };
    const outgoing = request(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' } });
    const closed = new Promise((resolve) => outgoing.once('close', resolve));
    outgoing.on('error', () => {});
    outgoing.end(JSON.stringify(body));
    while ((await predicted()) === 0);
    outgoing.destroy();
    await closed;
    // Each answer takes a round of the event loop, in which the batch would continue.
    let before = -1;
    for (let now = await predicted(); now !== before; now = await predicted()) {
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(before).toBeLessThan(TEXTS.length);
  });
});

function idsIn(answer: Record<string, unknown>): { id: string }[] {
  if ('predictions' in answer) return answer['predictions'] as { id: string }[];
  const outputs = answer['outputs'] as { name: string; data: string[] }[];
  return outputs.find(({ name }) => name === 'id')!.data.map((id) => ({ id }));
}
