import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createRandom } from '../../src/classifier/learning/random.ts';
import { smallMails } from '../classifier/small-mails.ts';
import { post, serve } from '../http/in-process.ts';
import { SHADOW_BY_CHANCE, smallModels, writeSmallVersion } from '../models/small-models.ts';

interface Model {
  active: string;
  canary: string | null;
  maintenance: { waitingFor: string | null; recommendation: { action: string; reason: string } | null };
}

const policy = {
  mode: 'automatic',
  everySeconds: 0.2,
  promote: { minimumFeedback: 20, minimumShadowSeconds: 0, maxLatencyRatio: 1_000 },
  rollback: { latencySeconds: 10, minimumPredictions: 10 },
};

/**
 * Starts a service whose active version is correct, with a shadow that flips a coin. Some readers report one prediction in
 * twenty as wrong: it is what the active version got wrong in their opinion, and the coin is right on half of that.
 */
async function startWithCoin(source: 'report' | undefined) {
  const models = await smallModels('1');
  await writeSmallVersion(models, 'spam', SHADOW_BY_CHANCE);
  await writeFile(join(models, 'spam/policy.json'), JSON.stringify(policy));
  const { url } = await serve({ MODELS_DIR: models });
  await post(`${url}/models/spam/activate`, { version: '1' });
  await post(`${url}/models/spam/shadow`, { version: SHADOW_BY_CHANCE });
  const mails = smallMails(200);
  const random = createRandom(3);
  for (let round = 0; round < 40; round += 1) {
    const texts = Array.from({ length: 50 }, () => mails[Math.floor(random() * mails.length)]!.text);
    const batch = await post(`${url}/predict/batch`, { texts });
    const { predictions } = (await batch.json()) as { predictions: { id: string; prediction: string }[] };
    for (const { id, prediction } of predictions) {
      if (random() > 0.05) continue;
      const label = prediction === 'spam' ? 'ham' : 'spam';
      expect((await post(`${url}/feedback`, { id, label, ...(source && { source }) })).status).toBe(200);
    }
    // The shadow uses at most a fifth of a core.
    await delay(50);
  }
  const model = async () => (await (await fetch(`${url}/models/spam`)).json()) as Model;
  return { url, model };
}

test('a coin flip is not promoted by error reports, and the policy says why', { timeout: 120_000 }, async () => {
  const { url, model } = await startWithCoin('report');
  await expect
    .poll(async () => (await model()).maintenance.waitingFor, { timeout: 30_000 })
    .toMatch(
      /^shadow .*: 0 of 20 labels have arrived; \d+ reports of errors are no evidence, because people report errors/,
    );
  expect(await model()).toMatchObject({ active: '1', canary: null, maintenance: { recommendation: null } });
  const quality = (await (await fetch(`${url}/quality`)).json()) as { accuracy: null; sources: { report: number } };
  expect(quality).toMatchObject({ accuracy: null, sources: { truth: 0, review: 0 } });
  expect(quality.sources.report).toBeGreaterThan(50);
});

test('it is only recommended if the reports are sent as truth, with the coverage as the reason', {
  timeout: 120_000,
}, async () => {
  const { model } = await startWithCoin(undefined);
  await expect
    .poll(async () => (await model()).maintenance.recommendation, { timeout: 30_000 })
    .toMatchObject({
      action: 'canary',
      reason: expect.stringMatching(
        /only recommended: labels exist for \d+ of \d+ predictions that matter .* nobody knows whether these labels are a fair sample/,
      ),
    });
  expect(await model()).toMatchObject({ active: '1', canary: null });
});
