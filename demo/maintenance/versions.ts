import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeArtefact } from '../../src/artefacts/artefact.ts';
import type { Example } from '../../src/training/read-examples.ts';
import { train } from '../../src/training/train.ts';
import type { TrainingResult } from '../../src/training/training-job.ts';

/** The model of the demonstration. */
export const MODEL = 'mail';

/**
 * Returns the maintenance policy of the model: the defaults, with seconds instead of hours, since a day of traffic
 * takes a minute here.
 *
 * @param data the path of the training data of the first version, relative to the folder of the model
 */
export function policy(data: string): object {
  return {
    mode: 'automatic',
    data,
    everySeconds: 1,
    cooldownSeconds: 600,
    retrain: {
      // The training runs at normal priority, so that a busy machine does not delay the demonstration.
      niceness: 0,
      drift: { forSeconds: 10 },
      accuracyDrop: { sigmas: 3, forSeconds: 10, windowSeconds: 30, minimumFeedback: 100 },
      minimumFeedback: 500,
    },
    promote: {
      minimumFeedback: 100,
      canaryShare: 0.3,
      minimumShadowSeconds: 5,
      minimumCanarySeconds: 5,
      minimumCanaryFeedback: 40,
      giveUpSeconds: 240,
    },
    rollback: { freshForSeconds: 300 },
  };
}

/** Writes the examples to `folder` and trains a version of the model on them. */
export async function trainVersion(
  folder: string,
  version: string,
  examples: readonly Example[],
): Promise<TrainingResult> {
  const file = join(folder, `${version}.jsonl`);
  await mkdir(folder, { recursive: true });
  await writeFile(file, examples.map(({ text, label }) => `${JSON.stringify({ text, label })}\n`).join(''));
  const source = { examples: file };
  return train({ source, name: MODEL, version, algorithm: 'auto', tokenizer: 'auto', seed: 1 });
}

/** Writes a version into the models folder of the service. */
export function writeVersion(models: string, { manifest, bytes }: TrainingResult): Promise<void> {
  return writeArtefact(join(models, MODEL, manifest.version), manifest, bytes);
}
