import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { post, serve } from '../../http/in-process.ts';
import { SPAM_TEXT, smallModels } from '../../models/small-models.ts';
import { chatModel, oipModel, writeRemoteVersion } from './remote-versions.ts';
import { chatSpam, classifySpam, faults, SECRET, type StandIn, startStandIn } from './stand-in.ts';

interface Answer {
  id: string;
  prediction: string;
  confidence: number;
  scores: Record<string, number>;
  model: { name: string; version: string };
  explanation: { feature: string; weight: number }[];
}

/** Starts a service with a linear model `spam` and a model `far` behind an endpoint. */
async function serveFar(endpoint: StandIn, settings: Record<string, string> = {}, protocol: 'oip' | 'openai' = 'oip') {
  const models = await smallModels('1');
  const model = protocol === 'oip' ? oipModel(endpoint.url) : chatModel(`${endpoint.url}/v1`);
  await writeRemoteVersion(models, 'far', '1', model);
  const service = await serve({ MODELS_DIR: models, REMOTE_ENDPOINTS: endpoint.url, ...settings });
  const predict = (text: string, query = '') => post(`${service.url}/predict${query}`, { text, model: 'far' });
  return { ...service, models, predict };
}

describe('a model behind the Open Inference Protocol', () => {
  test('answers as other models do, with an id for feedback', async () => {
    const endpoint = await startStandIn(classifySpam);
    const { predict, url } = await serveFar(endpoint);
    expect(endpoint.requests).toEqual([]);
    const response = await predict('free money', '?explain=true');
    expect(response.status).toBe(200);
    const answer = (await response.json()) as Answer;
    expect(answer).toMatchObject({
      prediction: 'spam',
      scores: { ham: expect.closeTo(0.1, 5), spam: expect.closeTo(0.9, 5) },
      model: { name: 'far', version: '1' },
      explanation: [{ feature: '(endpoint)', weight: expect.closeTo(Math.log(9), 3) }],
    });
    expect(endpoint.requests.map(({ path }) => path)).toEqual(['/v2/models/remote/infer']);
    const feedback = await post(`${url}/feedback`, { id: answer.id, label: 'spam' });
    expect(await feedback.json()).toMatchObject({ correct: true });
  });

  test('answers a batch in its order', async () => {
    const { url } = await serveFar(await startStandIn(classifySpam), { REMOTE_MAX_IN_FLIGHT: '3' });
    const texts = Array.from({ length: 50 }, (_, at) => (at % 3 === 0 ? 'free' : 'hello'));
    const response = await post(`${url}/predict/batch`, { texts, model: 'far' });
    const { predictions } = (await response.json()) as { predictions: Answer[] };
    expect(predictions.map(({ prediction }) => prediction)).toEqual(
      texts.map((text) => (text === 'free' ? 'spam' : 'ham')),
    );
  });

  test.each([
    ['error500', 502, 'endpoint-failed'],
    ['busy', 503, 'endpoint-unavailable'],
    ['refusal', 502, 'endpoint-failed'],
    ['notJson', 502, 'endpoint-failed'],
    ['otherForm', 502, 'endpoint-failed'],
    ['cutOff', 503, 'endpoint-unavailable'],
    ['redirect', 502, 'endpoint-failed'],
    ['hang', 504, 'endpoint-timeout'],
  ] as const)('with %s is a problem of our own, and other models answer', async (fault, status, type) => {
    const endpoint = await startStandIn(faults[fault]);
    const { predict, url, lines } = await serveFar(endpoint, { REMOTE_TIMEOUT_MS: '2000' });
    const response = await predict('free money');
    const text = await response.text();
    expect([response.status, JSON.parse(text).type]).toEqual([status, `urn:waymark:problem:${type}`]);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(text + lines.join()).not.toContain(SECRET);
    const { status: linear } = await post(`${url}/predict`, { text: SPAM_TEXT });
    expect(linear).toBe(200);
  });

  test('is loaded without a server, and answers when there is one', async () => {
    const endpoint = await startStandIn(classifySpam);
    const { port } = new URL(endpoint.url);
    await endpoint.close();
    const { predict } = await serveFar(endpoint);
    expect((await predict('free money')).status).toBe(503);
    await startStandIn(classifySpam, Number(port));
    expect((await predict('free money')).status).toBe(200);
  });

  test('is refused if its endpoint may not get texts', async () => {
    const endpoint = await startStandIn(classifySpam);
    const { predict, lines } = await serveFar(endpoint, { REMOTE_ENDPOINTS: 'https://other.example' });
    const response = await predict('free money');
    expect(response.status).toBe(404);
    expect(lines.join()).toContain(`its endpoint ${endpoint.url} may not get texts: REMOTE_ENDPOINTS does not have it`);
    expect(endpoint.requests).toEqual([]);
  });

  test('can be another Waymark', async () => {
    const other = await serve({ MODELS_DIR: await smallModels('1') });
    const models = await smallModels('2');
    const model = oipModel(other.url);
    await writeRemoteVersion(models, 'far', '1', { ...model, remote: { ...model.remote, model: 'spam' } });
    const service = await serve({ MODELS_DIR: models, REMOTE_ENDPOINTS: other.url });
    const there = (await (await post(`${other.url}/predict`, { text: SPAM_TEXT })).json()) as Answer;
    const here = (await (await post(`${service.url}/predict`, { text: SPAM_TEXT, model: 'far' })).json()) as Answer;
    expect(here.prediction).toBe(there.prediction);
    expect(here.confidence).toBeCloseTo(there.confidence, 5);
  });
});

describe('a language model', () => {
  test('answers with confidences of its log-probabilities, and gets the key of its file', async () => {
    const endpoint = await startStandIn(chatSpam);
    const models = await smallModels('1');
    const keys = join(models, 'keys.json');
    await writeFile(keys, JSON.stringify({ keys: { [endpoint.url]: 'sk-1' } }));
    const { predict } = await serveFar(endpoint, { REMOTE_KEYS_FILE: keys }, 'openai');
    const answer = (await (await predict('free money')).json()) as Answer;
    expect(answer).toMatchObject({ prediction: 'spam', confidence: expect.closeTo(0.9, 5) });
    const [{ path, headers }] = endpoint.requests as [StandIn['requests'][number]];
    expect(path).toBe('/v1/chat/completions');
    expect(headers.authorization).toBe('Bearer sk-1');
  });

  test('is the shadow of a linear model: its failures change no answer', async () => {
    const endpoint = await startStandIn(chatSpam);
    const models = await smallModels('1');
    await writeRemoteVersion(models, 'spam', '0', { ...chatModel(endpoint.url) });
    const service = await serve({ MODELS_DIR: models, REMOTE_ENDPOINTS: endpoint.url });
    await post(`${service.url}/models/spam/activate`, { version: '1' });
    expect((await post(`${service.url}/models/spam/shadow`, { version: '0' })).status).toBe(200);
    const predict = async () => (await (await post(`${service.url}/predict`, { text: SPAM_TEXT })).json()) as Answer;
    expect(await predict()).toMatchObject({ prediction: 'spam', model: { version: '1' } });
    await vi.waitFor(async () => {
      const drift = await fetch(`${service.url}/drift?model=spam@0`);
      expect(await drift.json()).toMatchObject({ predictions: 1 });
    });
    endpoint.behave = faults.error500;
    expect(await predict()).toMatchObject({ prediction: 'spam', model: { version: '1' } });
    await vi.waitFor(() => expect(service.lines.join()).toContain('shadow failed'));
    expect(service.lines.join()).not.toContain(SECRET);
  });

  test('as a shadow costs no more in an hour than the policy says', async () => {
    const endpoint = await startStandIn(chatSpam);
    const models = await smallModels('1');
    const { remote, ...model } = chatModel(endpoint.url);
    // 200 and 5 tokens cost 0.41.
    const prices = { currency: 'EUR', input: 2_000, output: 2_000 };
    await writeRemoteVersion(models, 'spam', '0', { ...model, remote: { ...remote, prices } });
    await writeFile(join(models, 'spam/policy.json'), '{"shadow": {"costPerHour": 0.8}}');
    const service = await serve({ MODELS_DIR: models, REMOTE_ENDPOINTS: endpoint.url });
    await post(`${service.url}/models/spam/activate`, { version: '1' });
    await post(`${service.url}/models/spam/shadow`, { version: '0' });
    for (let scored = 1; scored <= 2; scored += 1) {
      await post(`${service.url}/predict`, { text: SPAM_TEXT });
      await vi.waitFor(async () => {
        const drift = await fetch(`${service.url}/drift?model=spam@0`);
        expect(await drift.json()).toMatchObject({ predictions: scored });
      });
    }
    for (let text = 0; text < 5; text += 1) {
      expect((await post(`${service.url}/predict`, { text: SPAM_TEXT })).status).toBe(200);
    }
    // A text that the queue took would be sent by now.
    for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
    expect(endpoint.requests).toHaveLength(2);
  });
});
