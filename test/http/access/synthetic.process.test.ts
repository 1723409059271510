import { expect, onTestFinished, test } from 'vitest';
import { startProcess } from '../../support/service-process.ts';
import { post, serve } from '../in-process.ts';
import { bearer, storedToken, writeTokens } from './token-files.ts';

const MARK = { baggage: 'synthetic=true' };

/** Returns the number of predictions that count for drift, and for the quality of the model. */
async function counted(url: string, headers: Record<string, string> = {}): Promise<[drift: number, quality: number]> {
  const read = async (path: string) => (await fetch(url + path, { headers })).json();
  const drift = (await read('/drift')) as { predictions: number };
  const quality = (await read('/quality')) as { estimate: { predictions: number } | null };
  return [drift.predictions, quality.estimate?.predictions ?? 0];
}

test('marked predictions count neither for drift nor for quality, on each route', async () => {
  const { url } = await serve();
  const text = 'совсем чужой текст';
  const answers = [
    await post(`${url}/predict`, { text }, MARK),
    await post(`${url}/predict?explain=true`, { text }, MARK),
    await post(`${url}/predict/batch`, { texts: [text, text] }, MARK),
    await post(
      `${url}/v2/models/spam/infer`,
      { inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data: [text] }] },
      MARK,
    ),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(await counted(url)).toEqual([0, 0]);
  await post(`${url}/predict`, { text });
  expect(await counted(url)).toEqual([1, 1]);
});

test('the memory of predictions marks them, and a filter leaves them out', async () => {
  const { url } = await serve();
  await post(`${url}/predict`, { text: 'a load test' }, MARK);
  await post(`${url}/predict/batch`, { texts: ['a load test', 'another one'] }, MARK);
  await post(`${url}/predict`, { text: 'a customer' });
  const rows = async (filter = '') => {
    const { predictions } = (await (await fetch(`${url}/predictions${filter}`)).json()) as {
      predictions: { synthetic: boolean }[];
    };
    return predictions.map(({ synthetic }) => synthetic);
  };
  expect(await rows()).toEqual([false, true, true, true]);
  expect(await rows('?synthetic=true')).toEqual([true, true, true]);
  expect(await rows('?synthetic=false')).toEqual([false]);
});

test.each([
  ['userId=alice, synthetic = true ;origin=load,x=1', 0],
  ['synthetic=false', 1],
  ['asynthetic=true', 1],
  ['x=synthetic=true', 1],
  ['synthetic=trueish', 1],
])('the baggage %s leaves %i predictions counted', async (baggage, expected) => {
  const { url } = await serve();
  await post(`${url}/predict`, { text: 'Win a prize' }, { baggage });
  expect(await counted(url)).toEqual([expected, expected]);
});

test('only a token with the scope manage can mark predictions', async () => {
  const API_TOKENS_FILE = await writeTokens(
    storedToken('user', ['predict', 'read']),
    storedToken('operator', ['predict', 'read', 'manage']),
  );
  const { url } = await serve({ API_TOKENS_FILE });
  await post(`${url}/predict`, { text: 'Win a prize' }, { ...MARK, ...bearer('operator') });
  expect(await counted(url, bearer('operator'))).toEqual([0, 0]);
  await post(`${url}/predict`, { text: 'Win a prize' }, { ...MARK, ...bearer('user') });
  expect(await counted(url, bearer('operator'))).toEqual([1, 1]);
});

test('marked predictions have a counter of their own', async () => {
  const service = await startProcess();
  onTestFinished(async () => void (await service.stop()));
  await post(`${service.url}/predict`, { text: 'чужой' }, MARK);
  await post(`${service.url}/predict`, { text: 'чужой' }, MARK);
  await post(`${service.url}/predict`, { text: 'чужой' });
  const page = await (await fetch(service.metricsUrl)).text();
  const sum = (name: string) =>
    [...page.matchAll(new RegExp(`^${name}\\{.*\\} (\\d+)`, 'gm'))].reduce(
      (total, [, value]) => total + Number(value),
      0,
    );
  expect(sum('classifier_synthetic_predictions_total')).toBe(2);
  expect(sum('classifier_predictions_total')).toBe(1);
  expect(sum('classifier_feature_observations_total')).toBe(4);
});
