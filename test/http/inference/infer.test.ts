import { describe, expect, test } from 'vitest';
import { post, shareServices } from '../in-process.ts';

const serve = shareServices();

const spam = 'Congratulations, you won free money, click here to claim your prize now';
const ham = 'The patch applies cleanly to the current kernel tree; see the list archive for the discussion.';

interface Answer {
  model_name: string;
  model_version: string;
  id?: string;
  outputs: { name: string; datatype: string; shape: number[]; parameters?: Record<string, unknown>; data: unknown[] }[];
}

const input = (data: unknown, shape: unknown) => ({ name: 'text', datatype: 'BYTES', shape, data });

async function infer(body: unknown, path = 'spam'): Promise<Answer> {
  const { url } = await serve();
  const response = await post(`${url}/v2/models/${path}/infer`, body);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(response.headers.get('inference-header-content-length')).toBeNull();
  return (await response.json()) as Answer;
}

describe('POST /v2/models/{name}/infer', () => {
  test('returns every output, with one row for each text', async () => {
    const { outputs, ...rest } = await infer({ inputs: [input([spam, ham, spam], [3])] });
    expect(rest).toEqual({ model_name: 'spam', model_version: expect.any(String) });
    const [label, confidence, scores, id] = outputs;
    expect(outputs).toHaveLength(4);
    expect(label).toEqual({ name: 'label', datatype: 'BYTES', shape: [3], data: ['spam', 'ham', 'spam'] });
    expect(confidence).toMatchObject({ name: 'confidence', datatype: 'FP64', shape: [3] });
    expect(scores).toMatchObject({ name: 'scores', datatype: 'FP64', shape: [3, 2] });
    expect(id).toMatchObject({ name: 'id', datatype: 'BYTES', shape: [3] });
    expect(new Set(id!.data).size).toBe(3);
  });

  test('names the label of each column of the scores, and returns the scores of /predict', async () => {
    const { url } = await serve();
    const response = await post(`${url}/v2/models/spam/infer`, { inputs: [input([spam], [1])] });
    const { outputs } = (await response.json()) as Answer;
    const single = (await (await post(`${url}/predict`, { text: spam })).json()) as Record<string, unknown>;
    const columns = JSON.parse(String(outputs[2]!.parameters!['labels'])) as string[];
    expect(Object.fromEntries(columns.map((column, i) => [column, outputs[2]!.data[i]]))).toEqual(single['scores']);
    expect(outputs[1]!.data).toEqual([single['confidence']]);
  });

  test.each([
    ['a column', [[spam], [ham]], [2, 1]],
    ['a flat list in the shape of a column', [spam, ham], [2, 1]],
  ])('accepts %s', async (_, data, shape) => {
    const { outputs } = await infer({ inputs: [input(data, shape)] });
    expect(outputs[0]!.data).toEqual(['spam', 'ham']);
  });

  test('returns the id of the request, and the requested outputs in their order', async () => {
    const { id, outputs } = await infer({
      id: '42',
      inputs: [input([spam], [1])],
      outputs: [{ name: 'confidence' }, { name: 'label', parameters: { binary_data: false } }],
    });
    expect(id).toBe('42');
    expect(outputs.map(({ name }) => name)).toEqual(['confidence', 'label']);
  });

  test('ignores unknown parameters and fields, which other servers define', async () => {
    const { outputs } = await infer({
      parameters: { priority: 1, timeout: 5, content_type: 'str' },
      inputs: [{ ...input([spam], [1]), parameters: { content_type: 'str' }, more: null }],
    });
    expect(outputs[0]!.data).toEqual(['spam']);
  });

  test('accepts a version in the path', async () => {
    const { model_version } = await infer({ inputs: [input([ham], [1])] });
    const versioned = await infer({ inputs: [input([ham], [1])] }, `spam/versions/${model_version}`);
    expect(versioned.model_version).toBe(model_version);
  });
});

describe('content_type', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');

  test.each([
    ['of the input', { inputs: [{ ...input([base64(spam)], [1]), parameters: { content_type: 'base64' } }] }],
    ['of the request', { inputs: [input([base64(spam)], [1])], parameters: { content_type: 'base64' } }],
    ['str', { inputs: [{ ...input([spam], [1]), parameters: { content_type: 'str', other: [1] } }] }],
  ])('%s is honoured', async (_, body) => {
    const [plain, encoded] = [await infer({ inputs: [input([spam], [1])] }), await infer(body)];
    expect(encoded.outputs[2]!.data).toEqual(plain.outputs[2]!.data);
  });

  test.each([
    ['another one', { content_type: 'np' }, [spam], 'must be "str" or "base64"'],
    [
      'base64 with other characters',
      { content_type: 'base64' },
      ['a%b'],
      'Element 0 of the input "text" is not base64',
    ],
    ['base64 of other bytes', { content_type: 'base64' }, ['/w=='], 'is not UTF-8 in base64'],
    ['another charset', { charset: 'latin1' }, [spam], 'must be "utf-8"'],
  ])('%s is refused', async (_, parameters, data, message) => {
    const { url } = await serve();
    const response = await post(`${url}/v2/models/spam/infer`, { inputs: [{ ...input(data, [1]), parameters }] });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(JSON.stringify(message).slice(1, -1));
  });
});

describe('an invalid inference request gets an error of one sentence', () => {
  test.each([
    ['no body', '', 'body is empty'],
    ['broken JSON', '{"inputs"', 'not valid JSON'],
    ['no inputs', {}, '"inputs" must be an array'],
    ['two inputs', { inputs: [input(['a'], [1]), input(['a'], [1])] }, '"inputs" must hold one input'],
    ['an unknown input', { inputs: [{ ...input(['a'], [1]), name: 'words' }] }, '"inputs[0].name" must be "text"'],
    ['another datatype', { inputs: [{ ...input([1], [1]), datatype: 'FP32' }] }, 'must be "BYTES"'],
    ['numbers as data', { inputs: [input([1, 2], [2])] }, '"inputs[0].data" must be an array of strings'],
    ['a shape of three dimensions', { inputs: [input(['a'], [1, 1, 1])] }, 'must be [n] or [n, 1]'],
    ['a shape that does not fit', { inputs: [input(['a', 'b'], [3])] }, 'its shape must be [2]'],
    ['a matrix of texts', { inputs: [input(['a', 'b'], [1, 2])] }, 'its shape must be [2]'],
    ['no text at all', { inputs: [input([], [0])] }, 'from 1 to 3'],
    ['too many texts', { inputs: [input(['a', 'b', 'c', 'd'], [4])] }, 'holds too many texts; from 1 to 3'],
    [
      'a text that is too long',
      { inputs: [input(['a', 'b'.repeat(101)], [2])] },
      'Element 1 of the input "text" has 101',
    ],
    ['neither data nor size', { inputs: [{ ...input(0, [1]), data: undefined }] }, 'neither "data" nor'],
    [
      'an unknown output',
      { inputs: [input(['a'], [1])], outputs: [{ name: 'x' }] },
      '"outputs[0].name" must be one of',
    ],
    ['an output twice', { inputs: [input(['a'], [1])], outputs: [{ name: 'id' }, { name: 'id' }] }, 'more than once'],
    ['an id that is not a string', { id: 1, inputs: [input(['a'], [1])] }, '"id" must be a string'],
    [
      'a flag that is not a boolean',
      { inputs: [input(['a'], [1])], parameters: { binary_data_output: 1 } },
      'true or false',
    ],
  ])('%s', async (_, body, sentence) => {
    const { url } = await serve({ MAX_BATCH_SIZE: '3', MAX_TEXT_CHARACTERS: '100' });
    const response = await post(`${url}/v2/models/spam/infer`, body);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual({ error: expect.stringContaining(sentence) });
  });

  test.each([
    ['/v2/models/none/infer', 404, 'there are: spam'],
    ['/v2/models/spam/versions/0/infer', 404, 'there are: 1'],
    ['/v2/nothing', 404, 'no such route'],
    ['/v2', 405, 'GET only'],
  ])('POST %s is answered with %d', async (path, status, sentence) => {
    const { url } = await serve();
    const response = await post(`${url}${path}`, { inputs: [input(['a'], [1])] });
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error: expect.stringContaining(sentence) });
  });

  test('other limits answer in the same form', async () => {
    const { url } = await serve({ MAX_BODY_BYTES: '100', API_TOKENS: 'secret' });
    const unauthorized = await post(`${url}/v2/models/spam/infer`, {});
    expect(unauthorized.status).toBe(401);
    expect(await unauthorized.json()).toEqual({ error: expect.stringContaining('Bearer') });
    const headers = { authorization: 'Bearer secret' };
    const large = await post(`${url}/v2/models/spam/infer`, { inputs: [input(['a'.repeat(100)], [1])] }, headers);
    expect(large.status).toBe(413);
    expect(await large.json()).toEqual({ error: expect.stringContaining('100 bytes') });
  });
});
