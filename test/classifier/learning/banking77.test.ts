import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runTraining } from '../../../src/training/run-training.ts';

// Runs only with WAYMARK_DATA: its cross-validation takes longer than all other tests together.
const data = process.env['WAYMARK_DATA'];
const folder = join(data ?? '', 'banking77');
const hasData = data !== undefined && existsSync(join(folder, 'train.jsonl'));

test.skipIf(!hasData)(
  '77 intents with default settings (needs WAYMARK_DATA, a folder with banking77/)',
  async () => {
    const { manifest } = await runTraining(
      {
        source: { examples: join(folder, 'train.jsonl') },
        test: join(folder, 'test.jsonl'),
        name: 'banking77',
        version: '1',
        algorithm: 'auto',
        tokenizer: 'auto',
        seed: 1,
      },
      () => {},
    );
    expect(manifest.evaluation.accuracy).toBeGreaterThanOrEqual(0.9169);
    expect(manifest.evaluation.expectedCalibrationError).toBeLessThanOrEqual(0.05);
  },
  180_000,
);
