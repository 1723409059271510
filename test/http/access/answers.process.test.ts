import { describe, expect, test } from 'vitest';
import { createPredictionIds } from '../../../src/predictions/prediction-id.ts';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { startProcess } from '../../support/service-process.ts';
import { post, serve } from '../in-process.ts';
import { bearer, storedToken, writeTokens } from './token-files.ts';

const PREDICTION_ID_KEY = 'a key of at least 16 characters';
const text = 'Congratulations, you won free money';
const inference = (...outputs: string[]) => ({
  inputs: [{ name: 'text', datatype: 'BYTES', shape: [1], data: [text] }],
  ...(outputs.length > 0 && { outputs: outputs.map((name) => ({ name })) }),
});

async function start() {
  const API_TOKENS_FILE = await writeTokens(
    storedToken('label', ['predict'], { answers: 'label' }),
    storedToken('top', ['predict'], { answers: 'top' }),
    storedToken('scores', ['predict'], { answers: 'scores' }),
    storedToken('usual', ['predict']),
    storedToken('explainer', ['predict', 'explain']),
  );
  const { url } = await serve({ API_TOKENS_FILE, PREDICTION_ID_KEY });
  const send = async (path: string, body: object, name: string) => {
    const response = await post(url + path, body, bearer(name));
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { send };
}

const base = ['id', 'model', 'prediction'];
const fieldsOf: [string, string[]][] = [
  ['label', base],
  ['top', ['anomalies', 'confidence', ...base]],
  ['scores', ['anomalies', 'confidence', ...base, 'scores']],
  ['usual', ['anomalies', 'confidence', ...base, 'scores']],
];

describe('a token with limited answers', () => {
  test.each(fieldsOf)('%s gets exactly its fields', async (name, fields) => {
    const { send } = await start();
    const single = await send('/predict', { text }, name);
    expect(single.status).toBe(200);
    expect(Object.keys(single.body).sort()).toEqual([...fields, 'traceId'].sort());
    const batch = await send('/predict/batch', { texts: [text, text] }, name);
    const predictions = batch.body['predictions'] as object[];
    expect(predictions.map((prediction) => Object.keys(prediction).sort())).toEqual([fields.sort(), fields.sort()]);
  });

  test.each([
    ['label', ['label', 'id'], ['confidence', 'scores']],
    ['top', ['label', 'confidence', 'id'], ['scores']],
    ['usual', ['label', 'confidence', 'scores', 'id'], []],
  ])('%s gets its outputs of an inference, and 403 for others', async (name, allowed, refused) => {
    const { send } = await start();
    const { body } = await send('/v2/models/spam/infer', inference(), name);
    expect((body['outputs'] as { name: string }[]).map((output) => output.name)).toEqual(allowed);
    for (const output of refused) {
      const answer = await send('/v2/models/spam/infer', inference('label', output), name);
      expect(answer.status).toBe(403);
      expect(JSON.stringify(answer.body)).toContain(
        `This token may get these outputs only: ${allowed.join(', ')}, abstained.`,
      );
    }
  });

  test('label learns no confidence from the id, which everybody can decode', async () => {
    const { send } = await start();
    const ids = createPredictionIds(PREDICTION_ID_KEY);
    for (const [path, body] of [
      ['/predict', { text }],
      ['/predict/batch', { texts: [text] }],
    ] as const) {
      const answers = await Promise.all(['label', 'top'].map((name) => send(path, body, name)));
      const [hidden, shown] = answers.map((answer) => {
        const [prediction = answer.body] = (answer.body['predictions'] ?? []) as Record<string, unknown>[];
        return ids.verify(String(prediction['id']));
      });
      expect(hidden?.details).toMatchObject({ confidence: undefined, role: 'active' });
      expect(shown?.details?.confidence).toBeGreaterThan(0.5);
    }
  });
});

test('a token that gets labels only cannot ask for a minimum, which would find the confidence', async () => {
  const { send } = await start();
  for (const [path, body] of [
    ['/predict', { text, minConfidence: 0.5 }],
    ['/predict/batch', { texts: [text], minConfidence: 0 }],
  ] as const) {
    const refused = await send(path, body, 'label');
    expect(refused.status).toBe(403);
    expect(refused.body['detail']).toBe('This token gets labels only, so its requests cannot have "minConfidence".');
    expect((await send(path, body, 'top')).status).toBe(200);
  }
  expect((await send('/predict', { text, minConfidence: 1 }, 'top')).body).toMatchObject({ abstained: true });
});

test('an explanation needs a scope of its own', async () => {
  const { send } = await start();
  const refused = await send('/predict?explain=3', { text }, 'usual');
  expect(refused.status).toBe(403);
  expect(refused.body['detail']).toBe('This route needs the scope "explain". The scopes of this token: predict.');
  expect((await send('/predict?explain=false', { text }, 'usual')).status).toBe(200);
  const { body } = await send('/predict?explain=3', { text }, 'explainer');
  expect(body['explanation']).toHaveLength(3);
});

test('an explanation and limited answers exclude each other', async () => {
  const API_TOKENS_FILE = await writeTokens(storedToken('both', ['predict', 'explain'], { answers: 'top' }));
  await expect(serve({ API_TOKENS_FILE })).rejects.toThrow(
    'tokens[0].answers must not limit the answers and have the scope explain',
  );
});

test('the span and the record of a prediction name the token', { timeout: 60_000 }, async () => {
  const receiver = await startOtlpReceiver();
  const API_TOKENS_FILE = await writeTokens(storedToken('label', ['predict'], { answers: 'label' }));
  const service = await startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, API_TOKENS_FILE });
  const response = await post(`${service.url}/predict`, { text }, bearer('label'));
  const { id } = (await response.json()) as { id: string };
  await service.stop();
  const spans = receiver.spans.filter(({ name }) => name === 'classify');
  expect(spans.map(({ attributes }) => [attributes['classifier.prediction.id'], attributes['enduser.id']])).toEqual([
    [id, 'label'],
  ]);
  const records = service.lines.filter(({ msg }) => msg === 'prediction');
  expect(records).toEqual([expect.objectContaining({ 'classifier.prediction.id': id, 'enduser.id': 'label' })]);
});
