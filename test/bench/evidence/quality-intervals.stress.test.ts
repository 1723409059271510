import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRandom } from '../../../src/classifier/learning/random.ts';
import type { Feedback, LabelQuery, LabelSource } from '../../../src/feedback/database/feedback.ts';
import { openFeedbackDatabase } from '../../../src/feedback/database/feedback-database.ts';
import type { FeedbackStore } from '../../../src/feedback/feedback-store.ts';
import { measureQuality } from '../../../src/feedback/quality.ts';

const MONTHS = 1_000;
const FOLDER = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

interface Part {
  readonly predictions: number;
  readonly accuracy: number;
  readonly source: LabelSource;
  /** The share of the predictions that get a label. */
  readonly share: number;
}

/** Simulates months of labels, and returns the share of months whose interval contains the true accuracy of all predictions. */
async function coverageOf(parts: readonly Part[]): Promise<number> {
  const folder = mkdtempSync(join(FOLDER, 'waymark-intervals-'));
  const database = openFeedbackDatabase(folder);
  const store = {
    counts: async (query: LabelQuery) => database.counts(query),
    confidences: async (query: LabelQuery) => database.confidences(query),
    hours: async () => [],
    experiments: { slots: async () => [] },
  } as unknown as FeedbackStore;
  const random = createRandom(11);
  let covered = 0;
  for (let month = 0; month < MONTHS; month += 1) {
    const key = { model: 'spam', version: String(month), artefact: 'a' };
    const feedback: Feedback[] = [];
    let correct = 0;
    let total = 0;
    for (const { predictions, accuracy, source, share } of parts) {
      for (let at = 0; at < predictions; at += 1) {
        const isRight = random() < accuracy;
        correct += Number(isRight);
        total += 1;
        if (random() >= share) continue;
        const id = `${month} ${total}`;
        const labels = { predicted: isRight ? 'spam' : 'ham', actual: 'spam', source };
        const reviewShare = source === 'review' ? share : 0;
        feedback.push({ ...key, ...labels, id, predictedAt: 1, receivedAt: 1, reviewShare, confidence: 0.9 });
      }
    }
    database.record(feedback);
    const { accuracyInterval } = await measureQuality(store, key);
    covered += Number(accuracyInterval.low <= correct / total && correct / total <= accuracyInterval.high);
  }
  database.close();
  rmSync(folder, { recursive: true });
  return covered / MONTHS;
}

test.each<[string, readonly Part[]]>([
  ['truth', [{ predictions: 4_000, accuracy: 0.93, source: 'truth', share: 0.05 }]],
  ['review', [{ predictions: 4_000, accuracy: 0.93, source: 'review', share: 0.05 }]],
  [
    'reviews whose share changed while the accuracy did',
    [
      { predictions: 4_000, accuracy: 0.97, source: 'review', share: 0.02 },
      { predictions: 2_000, accuracy: 0.85, source: 'review', share: 0.1 },
    ],
  ],
])(
  'the interval of the accuracy covers the truth in 95 %% of 1,000 simulated months: %s',
  { timeout: 120_000 },
  async (_, parts) => {
    const coverage = await coverageOf(parts);
    expect(coverage).toBeGreaterThanOrEqual(0.93);
    expect(coverage).toBeLessThanOrEqual(0.97);
  },
);
