import { describe, expect, test } from 'vitest';
import { decodeStrings, encodeDoubles, encodeStrings } from '../../../src/http/inference/binary-tensors.ts';
import { shareServices } from '../in-process.ts';

const serve = shareServices();

const texts = ['Congratulations, you won free money', '', 'Grüße 🦊', '\ufeffmark'];

/** Sends a request like the clients of the protocol: JSON, then binary tensors, without a content type. */
function inferBinary(
  url: string,
  request: Record<string, unknown>,
  binary: Uint8Array,
  headerLength?: number | string,
) {
  const json = Buffer.from(JSON.stringify(request));
  return fetch(`${url}/v2/models/spam/infer`, {
    method: 'POST',
    headers: { 'inference-header-content-length': String(headerLength ?? json.length) },
    body: Buffer.concat([json, binary]),
  });
}

const request = (size: number | undefined, more: Record<string, unknown> = {}) => ({
  inputs: [{ name: 'text', datatype: 'BYTES', shape: [texts.length], parameters: { binary_data_size: size } }],
  ...more,
});

/** Reads a binary response like a client of the protocol. */
async function readBinary(response: Response) {
  const body = Buffer.from(await response.arrayBuffer());
  const length = Number(response.headers.get('inference-header-content-length'));
  const { outputs } = JSON.parse(body.toString('utf8', 0, length)) as {
    outputs: { name: string; data?: unknown; parameters?: { binary_data_size?: number } }[];
  };
  let offset = length;
  const tensors = outputs.map(({ name, data, parameters }) => {
    const size = parameters?.binary_data_size ?? 0;
    offset += size;
    return { name, data, bytes: body.subarray(offset - size, offset) };
  });
  expect(offset).toBe(body.length);
  return tensors;
}

test('BYTES elements follow their lengths, little-endian', () => {
  expect([...encodeStrings(['ab', 'ü'])]).toEqual([2, 0, 0, 0, 0x61, 0x62, 2, 0, 0, 0, 0xc3, 0xbc]);
  expect(decodeStrings(encodeStrings(texts))).toEqual(texts);
  expect([...encodeDoubles([1])]).toEqual([0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
});

test.each([
  ['a length that is cut off', [2, 0, 0], 'element 0 is cut off'],
  ['an element that is cut off', [1, 0, 0, 0, 0x61, 2, 0, 0, 0, 0x61], 'element 1 is cut off'],
  ['bytes that are not UTF-8', [1, 0, 0, 0, 0xff], 'element 0 is not UTF-8'],
])('rejects %s', (_, bytes, message) => {
  expect(() => decodeStrings(Uint8Array.from(bytes))).toThrow(message);
});

describe('an inference with binary tensors', () => {
  test('is answered in JSON by default', async () => {
    const { url } = await serve();
    const binary = encodeStrings(texts);
    const response = await inferBinary(url, request(binary.length), binary);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    const { outputs } = (await response.json()) as { outputs: { data: string[] }[] };
    expect(outputs[0]!.data[0]).toBe('spam');
    expect(outputs[0]!.data).toHaveLength(texts.length);
  });

  test('is answered with binary tensors if the request sets binary_data_output', async () => {
    const { url } = await serve();
    const binary = encodeStrings(texts);
    const response = await inferBinary(
      url,
      request(binary.length, { parameters: { binary_data_output: true } }),
      binary,
    );
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    const [label, confidence, scores, id] = await readBinary(response);
    expect(decodeStrings(label!.bytes)[0]).toBe('spam');
    expect(confidence!.bytes.readDoubleLE(0)).toBeGreaterThan(0.5);
    expect(scores!.bytes.readDoubleLE(0) + scores!.bytes.readDoubleLE(8)).toBeCloseTo(1, 12);
    expect(decodeStrings(id!.bytes)).toHaveLength(texts.length);
  });

  test('mixes both forms if an output sets binary_data', async () => {
    const { url } = await serve();
    const binary = encodeStrings(texts);
    const outputs = [{ name: 'label', parameters: { binary_data: false } }, { name: 'confidence' }];
    const response = await inferBinary(
      url,
      request(binary.length, { outputs, parameters: { binary_data_output: true } }),
      binary,
    );
    const [label, confidence] = await readBinary(response);
    expect((label!.data as string[])[0]).toBe('spam');
    expect(confidence!.bytes).toHaveLength(8 * texts.length);
  });

  const binary = encodeStrings(texts);
  test.each([
    ['a size beyond the body', request(binary.length + 1), binary, undefined, 'bytes follow the JSON'],
    [
      'bytes that belong to no input',
      request(binary.length - 1),
      binary,
      undefined,
      '1 bytes of binary data belong to no input',
    ],
    ['an element that is cut off', request(binary.length - 1), binary.subarray(0, -1), undefined, 'is cut off'],
    ['a shape that does not fit', request(4), encodeStrings(['']), undefined, 'shape must be [1]'],
    ['a header beyond the body', request(4), binary, 100_000, 'Inference-Header-Content-Length'],
    ['a header that is no number', request(4), binary, '1e1', 'Inference-Header-Content-Length'],
    ['bytes without a size', request(undefined), binary, undefined, 'neither "data" nor "binary_data_size"'],
  ])('rejects %s', async (_, body, bytes, header, sentence) => {
    const { url } = await serve();
    const response = await inferBinary(url, body, bytes, header);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ error: expect.stringContaining(sentence) });
  });
});
