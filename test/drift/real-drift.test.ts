import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createClassifier } from '../../src/artefacts/pack.ts';
import { createRandom } from '../../src/classifier/learning/random.ts';
import type { Classifier } from '../../src/classifier/scoring/classifier.ts';
import { findAnomalies } from '../../src/classifier/statistics/anomalies.ts';
import { createDriftMonitor, type DriftReport } from '../../src/drift/drift-monitor.ts';
import type { Model } from '../../src/models/store.ts';
import { readExamples } from '../../src/training/read-examples.ts';
import { runTraining } from '../../src/training/run-training.ts';
import mailSubjects from '../fixtures/drift/mail-subjects.json' with { type: 'json' };

const folder = readdirSync('..')
  .map((sibling) => join('..', sibling, 'data/banking77'))
  .find((candidate) => existsSync(candidate));
if (folder === undefined)
  process.stdout.write('The drift tests on banking77 are skipped: no */data/banking77 exists beside this checkout.\n');

describe.skipIf(folder === undefined)('a drift monitor on banking77', () => {
  let model: Model & { classifier: Classifier };
  let testTexts: string[];

  beforeAll(async () => {
    const { manifest, bytes } = await runTraining(
      {
        source: { examples: join(folder!, 'train.jsonl') },
        name: 'banking77',
        version: '1',
        algorithm: 'multinomial-naive-bayes',
        tokenizer: 'auto',
        seed: 1,
      },
      () => {},
    );
    if ('encoder' in manifest || 'remote' in manifest) throw new Error('the model is not linear');
    model = { name: 'banking77', version: '1', manifest, classifier: await createClassifier(manifest, bytes) };
    testTexts = [];
    await readExamples(join(folder!, 'test.jsonl'), ({ text }) => testTexts.push(text));
  }, 60_000);

  function observe(texts: readonly string[]): DriftReport & { anomalous: number } {
    const monitor = createDriftMonitor();
    let anomalous = 0;
    for (const text of texts) {
      const tokens = model.classifier.tokenize(text);
      const { label, confidence } = model.classifier.score(tokens);
      const observation = { label, confidence, characters: text.length, unknownRatio: tokens.unknownRatio };
      monitor.observe(model, observation);
      if (findAnomalies(observation, model.manifest.thresholds).length > 0) anomalous += 1;
    }
    return { ...monitor.report(model), anomalous: anomalous / texts.length };
  }

  test('raises no alarm on 1,000 test texts, in five samples', () => {
    const random = createRandom(7);
    for (let sample = 0; sample < 5; sample += 1) {
      // Shuffle, because the file is sorted by label: its first thousand texts would be real drift.
      const texts = testTexts.map((text) => [random(), text] as const).sort(([a], [b]) => a - b);
      const report = observe(texts.slice(0, 1000).map(([, text]) => text));
      expect(report.features.map(({ feature, verdict }) => `${feature} ${verdict}`)).toEqual([
        'label stable',
        'confidence stable',
        'characters stable',
        'unknown_ratio stable',
      ]);
      expect(report.anomalous).toBeLessThan(0.05);
    }
  });

  test('raises an alarm for every feature on 500 mail subjects', () => {
    const report = observe(mailSubjects);
    expect(report.features.map(({ verdict }) => verdict)).toEqual(Array(4).fill('drift'));
    expect(report.anomalous).toBeGreaterThan(0.5);
  });

  test('is unsure after twenty texts of either kind', () => {
    expect(observe(mailSubjects.slice(0, 20)).verdict).toBe('unsure');
    expect(observe(testTexts.slice(0, 20)).verdict).toBe('unsure');
  });
});
