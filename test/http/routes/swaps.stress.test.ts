import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { sendSteadily } from '../../../bench/harness/open-load.ts';
import { labelBy, SPAM_TEXT, smallModels, writeSmallVersion } from '../../models/small-models.ts';
import { startProcess } from '../../support/service-process.ts';
import { post } from '../in-process.ts';

test('while versions change under load, no request fails and each label is that of its version', async () => {
  const models = await smallModels('1', '2', '3');
  const { url, stop } = await startProcess({ MODELS_DIR: models });
  const change = async (action: string, body: unknown) => {
    const response = await post(`${url}/models/spam/${action}`, body);
    expect([response.status, action]).toEqual([200, action]);
    await delay(150);
  };
  const swap = async (seconds: number) => {
    const end = performance.now() + seconds * 1000;
    let changes = 0;
    for (let next = 4; performance.now() < end; next += 1) {
      await writeSmallVersion(models, 'spam', String(next));
      await change('activate', { version: String(next) });
      await change('canary', { version: String(next - 1), share: 0.5 });
      await change('shadow', { version: String(next - 2) });
      await change('rollback', {});
      changes += 4;
    }
    return changes;
  };

  const load = { url, perSecond: 150, seconds: 5, texts: [{ text: SPAM_TEXT }] };
  const isCorrect = (_: unknown, { prediction, model }: { prediction: string; model: { version: string } }) =>
    prediction === labelBy(model.version);
  const [result, changes] = await Promise.all([sendSteadily({ ...load, isCorrect }), swap(5)]);
  expect(result.errors).toEqual([]);
  expect(result.mismatches).toEqual([]);
  expect(result.milliseconds).toHaveLength(750);
  expect(result.byVersion.size).toBeGreaterThan(2);
  const { changes: rows } = (await (await fetch(`${url}/models/spam/changes`)).json()) as { changes: unknown[] };
  expect(rows.length).toBe(Math.min(100, changes));
  expect(await stop()).toBe(0);
}, 60_000);
