import { describe, expect, test } from 'vitest';
import { post, shareServices } from '../in-process.ts';

const serve = shareServices();

const MEBIBYTE = 1024 * 1024 - 200;
const ones = (length: number) => `[${Array.from({ length }, () => '1').join()}]`;

describe('a body of 1 MiB with wrong elements gets a short answer:', () => {
  test.each([
    ['texts', '/predict/batch', `{"texts":${ones(MEBIBYTE / 2)}}`],
    ['few texts', '/predict/batch', `{"texts":${ones(1_000)}}`],
    ['alerts', '/maintenance/evaluate', `{"alerts":${ones(MEBIBYTE / 2)}}`],
    ['few alerts', '/maintenance/evaluate', `{"alerts":${ones(1_000)}}`],
    ['labels of an alert', '/maintenance/evaluate', `{"alerts":[{"labels":${ones(MEBIBYTE / 2)}}]}`],
    [
      'data',
      '/v2/models/spam/infer',
      `{"inputs":[{"name":"text","datatype":"BYTES","shape":[1],"data":${ones(MEBIBYTE / 2)}}]}`,
    ],
    [
      'shape',
      '/v2/models/spam/infer',
      `{"inputs":[{"name":"text","datatype":"BYTES","shape":${ones(MEBIBYTE / 2)},"data":["a"]}]}`,
    ],
    ['inputs', '/v2/models/spam/infer', `{"inputs":${ones(MEBIBYTE / 2)}}`],
    ['outputs', '/v2/models/spam/infer', `{"inputs":[],"outputs":${ones(MEBIBYTE / 2)}}`],
    [
      'parameters',
      '/v2/models/spam/infer',
      `{"inputs":[],"parameters":{${Array.from({ length: 80_000 }, (_, i) => `"a${i}":[]`).join()}}}`,
    ],
    ['unknown fields', '/predict', `{"text":"a",${Array.from({ length: 80_000 }, (_, i) => `"a${i}":1`).join()}}`],
  ])('%s', async (_, path, body) => {
    const { url } = await serve();
    const response = await post(`${url}${path}`, body);
    expect([400, 422]).toContain(response.status);
    expect((await response.text()).length).toBeLessThan(1_500);
  });
});

test('at most ten faults are described, and the others are counted', async () => {
  const { url } = await serve();
  const response = await post(`${url}/predict/batch`, { texts: Array.from({ length: 100 }, () => 1) });
  const { detail } = (await response.json()) as { detail: string };
  expect(detail.match(/must be a string/g)).toHaveLength(10);
  expect(detail).toMatch(/ There are 90 more faults\.$/);
});

test('a batch that is too large has a problem of its own, whatever its elements are', async () => {
  const { url } = await serve({ MAX_BATCH_SIZE: '2' });
  const response = await post(`${url}/predict/batch`, { texts: [1, 2, 3] });
  expect(await response.json()).toMatchObject({
    type: 'urn:waymark:problem:batch-too-large',
    detail: '"texts" holds 3 texts; at most 2 are allowed.',
  });
});
