import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { labelBy, SPAM_TEXT, smallModels } from '../../models/small-models.ts';
import { post, serve } from '../in-process.ts';

interface Answer {
  readonly abstained?: true;
  readonly confidence: number;
}

/** Starts a service with a small model, and returns functions that ask it. */
async function start(policy?: object) {
  const models = await smallModels('1', '2');
  const file = join(models, 'spam/policy.json');
  if (policy) await writeFile(file, JSON.stringify(policy));
  const { url } = await serve({ MODELS_DIR: models });
  const predict = async (body: object = {}, query = ''): Promise<Answer> => {
    const response = await post(`${url}/predict${query}`, { text: SPAM_TEXT, ...body });
    expect(response.status).toBe(200);
    return (await response.json()) as Answer;
  };
  const predictBatch = async (body: object): Promise<Answer[]> => {
    const response = await post(`${url}/predict/batch`, { texts: [SPAM_TEXT, 'a meeting'], ...body });
    return ((await response.json()) as { predictions: Answer[] }).predictions;
  };
  return { url, file, predict, predictBatch };
}

describe('minConfidence of a request', () => {
  test('marks an answer whose confidence is lower, and no other one', async () => {
    const { predict } = await start();
    const { confidence } = await predict();
    expect(await predict({ minConfidence: 1 })).toMatchObject({ prediction: labelBy('2'), abstained: true });
    expect(await predict({ minConfidence: 1 }, '?explain=2')).toMatchObject({ abstained: true });
    for (const minConfidence of [0, confidence])
      expect(await predict({ minConfidence })).not.toHaveProperty('abstained');
  });

  test('marks each answer of a batch by its own confidence', async () => {
    const { predictBatch } = await start();
    const plain = await predictBatch({});
    const between = Math.max(...plain.map(({ confidence }) => confidence));
    const marked = await predictBatch({ minConfidence: between });
    expect(marked.map(({ abstained }) => abstained === true)).toEqual(
      plain.map(({ confidence }) => confidence < between),
    );
    expect(marked.map(({ abstained }) => abstained === true)).toContain(true);
    expect(marked.map(({ abstained }) => abstained === true)).toContain(false);
  });

  test.each([-0.1, 1.5, '0.5', null])('must be a number from 0 to 1: %j', async (minConfidence) => {
    const { url } = await start();
    for (const [path, body] of [
      ['/predict', { text: 'a' }],
      ['/predict/batch', { texts: ['a'] }],
    ] as const) {
      const response = await post(url + path, { ...body, minConfidence });
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ detail: '"minConfidence" must be a number from 0 to 1.' });
    }
  });

  test('is remembered, and can be filtered by', async () => {
    const { url, predict } = await start();
    await predict();
    await predict({ minConfidence: 1 });
    const rows = async (filter: string) => {
      const response = await fetch(`${url}/predictions?${filter}`);
      return ((await response.json()) as { predictions: Answer[] }).predictions.map(({ abstained }) => abstained);
    };
    expect(await rows('abstained=true')).toEqual([true]);
    expect(await rows('abstained=false')).toEqual([false]);
  });
});

describe('minConfidence of a policy', () => {
  test('holds for each version of the model from the start, and the request wins', async () => {
    const { predict, predictBatch } = await start({ minConfidence: 1 });
    for (const model of ['spam', 'spam@1', 'spam@2'])
      expect(await predict({ model })).toMatchObject({ abstained: true });
    expect((await predictBatch({})).map(({ abstained }) => abstained)).toEqual([true, true]);
    expect(await predict({ minConfidence: 0 })).not.toHaveProperty('abstained');
  });

  test('is followed without a restart, and a file that cannot be used changes nothing', {
    timeout: 30_000,
  }, async () => {
    const { file, predict } = await start();
    const isAbstained = async () => (await predict()).abstained === true;
    expect(await isAbstained()).toBe(false);
    await writeFile(file, '{"minConfidence": 1}');
    await expect.poll(isAbstained, { timeout: 10_000 }).toBe(true);
    await writeFile(file, '{"minConfidence": 2}');
    // The folder is polled every second.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await isAbstained()).toBe(true);
    await rm(file);
    await expect.poll(isAbstained, { timeout: 10_000 }).toBe(false);
  });

  test('is an output of an inference that names it', async () => {
    const { url } = await start({ minConfidence: 1 });
    const inputs = [{ name: 'text', datatype: 'BYTES', shape: [2], data: [SPAM_TEXT, 'a meeting'] }];
    const infer = async (body: object) => {
      const response = await post(`${url}/v2/models/spam/infer`, { inputs, ...body });
      return response.headers.get('content-type')?.startsWith('application/json') ? response.json() : response;
    };
    const { outputs } = (await infer({})) as { outputs: { name: string }[] };
    expect(outputs.map(({ name }) => name)).not.toContain('abstained');
    expect(await infer({ outputs: [{ name: 'abstained' }] })).toMatchObject({
      outputs: [{ name: 'abstained', datatype: 'BOOL', shape: [2], data: [true, true] }],
    });
    const binary = (await infer({ outputs: [{ name: 'abstained', parameters: { binary_data: true } }] })) as Response;
    expect([...new Uint8Array(await binary.arrayBuffer()).slice(-2)]).toEqual([1, 1]);
  });
});
