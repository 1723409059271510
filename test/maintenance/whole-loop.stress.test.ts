import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { smallMails } from '../classifier/small-mails.ts';
import { post, serve } from '../http/in-process.ts';
import { smallModels, writeSmallVersion } from '../models/small-models.ts';

const predictionSchema = z.object({ id: z.string() });
const modelSchema = z.object({
  active: z.string(),
  shadow: z.string().nullable(),
  maintenance: z.object({
    mode: z.string(),
    lastAction: z.object({ action: z.string(), version: z.string().nullable(), reason: z.string() }).nullable(),
    recommendation: z.object({ action: z.string() }).nullable(),
    waitingFor: z.string().nullable(),
  }),
});
const changesSchema = z.object({
  changes: z.array(z.object({ what: z.string(), who: z.string(), to: z.string().nullable() })),
});

const policy = {
  mode: 'automatic',
  data: '../train.jsonl',
  everySeconds: 0.2,
  cooldownSeconds: 3_600,
  retrain: { niceness: 0, minimumFeedback: 30, accuracyDrop: { forSeconds: 0, minimumFeedback: 30 } },
  promote: {
    minimumFeedback: 20,
    canaryShare: 0.5,
    maxLatencyRatio: 1_000,
    minimumShadowSeconds: 0,
    minimumCanarySeconds: 0,
    minimumCanaryFeedback: 25,
  },
  rollback: { latencySeconds: 10, minimumPredictions: 10 },
};

/** Sends mails and their true labels until the model meets a condition; returns the model. */
async function sendUntil(
  url: string,
  condition: (model: z.infer<typeof modelSchema>) => boolean,
): Promise<z.infer<typeof modelSchema>> {
  const mails = smallMails(30);
  for (let sent = 0; ; sent += 1) {
    const { text, label } = mails[sent % mails.length]!;
    const { id } = predictionSchema.parse(await (await post(`${url}/predict`, { text })).json());
    await post(`${url}/feedback`, { id, label, text });
    if (sent % 10 !== 0) continue;
    const model = modelSchema.parse(await (await fetch(`${url}/models/spam`)).json());
    if (condition(model)) return model;
    await delay(20);
  }
}

test('the policy retrains and replaces a stale model, and rolls back a bad one', async () => {
  // Version 2 is wrong in all its predictions with high confidence, as if the texts had changed.
  const models = await smallModels('2');
  await writeFile(
    join(models, 'train.jsonl'),
    smallMails(30)
      .map((mail) => `${JSON.stringify(mail)}\n`)
      .join(''),
  );
  await writeFile(join(models, 'spam/policy.json'), JSON.stringify(policy));
  const { url, lines } = await serve({ MODELS_DIR: models });

  // The roles change shortly before the state has the action, so the tests wait for the action.
  const hasDone = (action: string) => (model: z.infer<typeof modelSchema>) =>
    model.maintenance.lastAction?.action === action;
  const replaced = await sendUntil(url, hasDone('promote'));
  expect(replaced.active).toBe('3');
  expect(replaced.maintenance.lastAction).toMatchObject({ action: 'promote', version: '3' });
  expect(replaced.maintenance.lastAction?.reason).toMatch(/better with \d+\.\d % confidence/);

  await writeSmallVersion(models, 'spam', '4');
  expect((await post(`${url}/models/spam/activate`, { version: '4' })).status).toBe(200);
  const rolledBack = await sendUntil(url, hasDone('rollback'));
  expect(rolledBack.active).toBe('3');
  expect(rolledBack.maintenance.lastAction).toMatchObject({ action: 'rollback', version: '4' });

  const { changes } = changesSchema.parse(await (await fetch(`${url}/models/spam/changes`)).json());
  const history = changes.map(({ what, who, to }) => `${who}: ${what} ${to}`).toReversed();
  expect(history.filter((change) => !change.startsWith('retrain: activate'))).toEqual([
    'retrain: shadow 3',
    'policy: canary 3',
    'policy: activate 3',
    'api: activate 4',
    'policy: rollback 3',
  ]);
  const loggedActions = () =>
    lines
      .map((line) => JSON.parse(line))
      .filter((record) => record.msg === 'model maintenance' && record['classifier.maintenance.applied'])
      .map((record) => record['classifier.maintenance.action']);
  await expect.poll(loggedActions).toEqual(['retrain', 'canary', 'promote', 'rollback']);
}, 120_000);

test('a webhook of Alertmanager evaluates the models that its alerts name', async () => {
  const { url } = await serve({ MODELS_DIR: await smallModels('1') });
  const alert = (model: string) => ({
    status: 'firing',
    labels: { alertname: 'ModelDrift', model, severity: 'ticket' },
  });
  const evaluate = async (body: unknown) => {
    const response = await post(`${url}/maintenance/evaluate`, body);
    return { status: response.status, body: await response.json() };
  };
  const evaluation = { model: 'spam', action: 'none', applied: false };
  expect(await evaluate({ version: '4', status: 'firing', alerts: [alert('spam')] })).toMatchObject({
    status: 200,
    body: { evaluations: [evaluation] },
  });
  expect(await evaluate({})).toMatchObject({ status: 200, body: { evaluations: [evaluation] } });
  expect(await evaluate({ alerts: [alert('other')] })).toEqual({ status: 200, body: { evaluations: [] } });
  expect(await evaluate({ alerts: 'all' })).toMatchObject({
    status: 422,
    body: { detail: '"alerts" must be a list of alerts.' },
  });
  const model = modelSchema.parse(await (await fetch(`${url}/models/spam`)).json());
  expect(model.maintenance).toMatchObject({ mode: 'recommend', recommendation: null });
  expect(model.maintenance.waitingFor).not.toBeNull();
});
