import { expect, test } from 'vitest';
import { readArtefact } from '../../src/artefacts/artefact.ts';
import { createDriftMonitor, type DriftMonitor } from '../../src/drift/drift-monitor.ts';
import type { Model } from '../../src/models/store.ts';

async function spamModel(): Promise<Model> {
  return { name: 'spam', version: '1', ...(await readArtefact('models/spam/1')) };
}

const observation = { label: 'spam', confidence: 0.95, characters: 100, unknownRatio: 0 };
const HOUR_MS = 3_600_000;

test('a report counts the last hour in the bins of the training reference', async () => {
  let now = 1_800_000_000_000;
  const monitor = createDriftMonitor(() => now);
  const model = await spamModel();
  monitor.observe(model, { ...observation, label: 'ham', confidence: 0.6 });
  now += HOUR_MS;
  monitor.observe(model, observation);
  monitor.observe(model, { ...observation, confidence: 0.85 });
  const { features, meanConfidence, predictions } = monitor.report(model);
  expect(predictions).toBe(2);
  expect(meanConfidence).toBeCloseTo(0.9, 12);
  const counts = features.map(({ feature, bins }) => [
    feature,
    Object.fromEntries(bins.filter(({ count }) => count > 0).map(({ name, count }) => [name, count])),
  ]);
  expect(Object.fromEntries(counts)).toEqual({
    label: { spam: 2 },
    confidence: { '0.8-0.9': 1, '0.9-1.0': 1 },
    characters: { '64-127': 2 },
    unknown_ratio: { '0.00': 2 },
  });
  for (const { feature, bins } of features) {
    for (const { name, reference } of bins) expect(reference).toBe(model.manifest.reference[feature][name]);
  }
});

test('the totals have all bins from the start and never decrease', async () => {
  let now = 1_800_000_000_000;
  const monitor = createDriftMonitor(() => now);
  const model = await spamModel();
  monitor.watch(model);
  const before = [...monitor.totals()];
  expect(before.length).toBe(2 + 10 + 11 + 9);
  expect(before.every(({ count }) => count === 0)).toBe(true);
  monitor.observe(model, observation);
  now += 2 * HOUR_MS;
  monitor.report(model);
  expect([...monitor.totals()].filter(({ count }) => count === 1).map(({ feature, bin }) => [feature, bin])).toEqual([
    ['label', 'spam'],
    ['confidence', '0.9-1.0'],
    ['characters', '64-127'],
    ['unknown_ratio', '0.00'],
  ]);
});

test('a version that is loaded again continues its counts', async () => {
  const monitor = createDriftMonitor();
  monitor.observe(await spamModel(), observation);
  const reloaded = await spamModel();
  monitor.observe(reloaded, observation);
  expect(monitor.report(reloaded).predictions).toBe(2);
  expect(versionsOf(monitor)).toEqual([reloaded.version]);
});

test('a version that is forgotten is no longer watched, and its counts start again', async () => {
  const began: string[] = [];
  const monitor = createDriftMonitor(undefined, undefined, ({ version }) => void began.push(version));
  const [loaded, left] = [await spamModel(), { ...(await spamModel()), version: '0' }];
  for (const model of [loaded, left]) monitor.observe(model, observation);
  monitor.forget('another', '0');
  expect(versionsOf(monitor)).toEqual([loaded.version, '0']);
  monitor.forget('spam', '0');
  expect(versionsOf(monitor)).toEqual([loaded.version]);
  monitor.observe(left, observation);
  expect(monitor.report(left).predictions).toBe(1);
  expect(monitor.report(loaded).predictions).toBe(1);
  expect(began).toEqual([loaded.version, '0', '0']);
});

test('a watched version does not keep its classifier in memory', async () => {
  const monitor = createDriftMonitor();
  monitor.observe(await spamModel(), observation);
  expect(Object.keys([...monitor.watched()][0]!)).toEqual(['name', 'version', 'manifest']);
});

const versionsOf = (monitor: DriftMonitor) => [...monitor.watched()].map(({ version }) => version);
