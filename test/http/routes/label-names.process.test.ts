import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { writeArtefact } from '../../../src/artefacts/artefact.ts';
import { train } from '../../../src/training/train.ts';
import { startProcess } from '../../support/service-process.ts';
import { post } from '../in-process.ts';

/** Labels that are also the names of properties that every object has. */
const LABELS = ['__proto__', 'constructor', 'toString'];
const WORDS = ['red apple', 'green pear', 'blue plum'];
const textOf = (kind: number, at: number) => `${WORDS[kind]} ${at}`;

/** Trains two versions of a model with these labels. */
async function trainFruit(): Promise<string> {
  const models = await mkdtemp(join(tmpdir(), 'waymark-label-names-'));
  const data = join(models, 'fruit.jsonl');
  const lines = LABELS.flatMap((label, kind) =>
    Array.from({ length: 10 }, (_, at) => `${JSON.stringify({ text: textOf(kind, at), label })}\n`),
  );
  await writeFile(data, lines.join(''));
  for (const [version, algorithm] of [
    ['1', 'logistic-regression'],
    ['2', 'multinomial-naive-bayes'],
  ] as const) {
    const job = { name: 'fruit', version, algorithm, tokenizer: 'auto', seed: 1 } as const;
    const { manifest, bytes } = await train({ ...job, source: { examples: data } });
    await writeArtefact(join(models, 'fruit', version), manifest, bytes);
  }
  return models;
}

/** Returns the own property of an object: each of these names is also a property that the object inherits. */
function own(object: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(object, name)?.value;
}

test('labels named like properties of objects are followed like all others, through every answer and metric', async () => {
  const models = await trainFruit();
  const service = await startProcess({ MODELS_DIR: models, DEFAULT_MODEL: 'fruit' });
  onTestFinished(() => service.kill());
  const { url, metricsUrl } = service;
  const get = async (path: string) => (await (await fetch(`${url}${path}`)).json()) as Record<string, never>;
  await post(`${url}/models/fruit/activate`, { version: '1' });
  await post(`${url}/models/fruit/shadow`, { version: '2' });

  for (const [kind, label] of LABELS.entries()) {
    for (const at of [1, 2, 3]) {
      const text = textOf(kind, at);
      const answer = (await (await post(`${url}/predict`, { text })).json()) as { id: string; scores: object };
      expect(answer).toMatchObject({ prediction: label });
      expect(Object.keys(answer.scores).toSorted()).toEqual(LABELS.toSorted());
      // Every third label is another one than the prediction.
      const actual = at === 3 ? LABELS[(kind + 1) % 3]! : label;
      expect((await post(`${url}/feedback`, { id: answer.id, label: actual, text })).status).toBe(200);
    }
  }
  expect((await post(`${url}/predict?explain=true`, { text: 'red apple' })).status).toBe(200);
  // The results of a shadow are stored once a second.
  await delay(1_500);

  const quality = await get('/quality');
  expect(quality).toMatchObject({ count: 9, accuracy: 6 / 9, coverage: { predictions: 10, labelled: 9 } });
  for (const label of LABELS) {
    expect(own(quality['labels']!, label)).toMatchObject({ precision: 2 / 3, recall: 2 / 3, support: 3, predicted: 3 });
  }
  const drift = await get('/drift');
  const { bins, psi } = (drift['features'] as unknown as { label: { bins: object[]; psi: number } }).label;
  expect(Number.isFinite(psi)).toBe(true);
  expect(bins).toHaveLength(3);
  for (const bin of bins) expect(bin).toMatchObject({ reference: expect.closeTo(1 / 3, 1) });

  const model = await get('/models/fruit');
  const { versions } = model as unknown as { versions: { training: { documentsByLabel: object } }[] };
  for (const label of LABELS) expect(own(versions[0]!.training.documentsByLabel, label)).toBe(10);
  expect(model).toMatchObject({
    comparison: { shadow: { feedback: { count: 9, confusionMatrix: { labels: LABELS } } } },
  });

  const metrics = await (await fetch(metricsUrl)).text();
  for (const label of LABELS) {
    expect(metrics).toMatch(new RegExp(`^classifier_predictions_total\\{.*label="${label}"\\} [34]`, 'm'));
    expect(metrics).toMatch(
      new RegExp(`^classifier_feedback_total\\{.*actual="${label}",predicted="${label}"\\} 2`, 'm'),
    );
    const reference = new RegExp(
      `^classifier_feature_reference_ratio\\{.*feature="label",bin="${label}"\\} 0\\.\\d+`,
      'm',
    );
    expect(metrics).toMatch(reference);
  }
  expect(metrics).not.toContain('NaN');

  expect(service.lines.filter(({ level }) => level === 'error')).toEqual([]);
}, 60_000);
