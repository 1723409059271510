import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeArtefact } from '../../src/artefacts/artefact.ts';
import { readSetting } from '../../src/platform/config.ts';
import { readEncoder, storeEncoder } from '../../src/runtimes/encoder-files.ts';
import type { Example } from '../../src/training/read-examples.ts';
import { train } from '../../src/training/train.ts';
import type { TrainingResult } from '../../src/training/training-job.ts';

/** The model of the demonstration. */
export const MODEL = 'questions';

/** The policy of the model: the defaults, with seconds instead of hours. A transformer may be as slow as it is. */
export const policy = {
  mode: 'automatic',
  everySeconds: 1,
  cooldownSeconds: 600,
  promote: {
    minimumFeedback: 100,
    canaryShare: 0.5,
    maxLatencyRatio: 1_000_000,
    minimumShadowSeconds: 5,
    minimumCanarySeconds: 5,
    minimumCanaryFeedback: 40,
    giveUpSeconds: 240,
  },
  rollback: { freshForSeconds: 300, latencyRatio: 1_000_000 },
};

/**
 * Trains a version of the model.
 *
 * @param folder the folder for the data file
 * @param encoder the folder of the encoder; without it the version is linear
 */
export async function trainVersion(
  folder: string,
  version: string,
  examples: readonly Example[],
  encoder?: string,
): Promise<TrainingResult> {
  const file = join(folder, `${version}.jsonl`);
  await mkdir(folder, { recursive: true });
  await writeFile(file, examples.map((example) => `${JSON.stringify(example)}\n`).join(''));
  return train({
    source: { examples: file },
    ...(encoder !== undefined && { encoder: { folder: encoder, kind: 'linear+encoder' } }),
    runtimesFolder: readSetting('RUNTIMES_DIR'),
    name: MODEL,
    version,
    algorithm: 'auto',
    tokenizer: 'auto',
    seed: 1,
  });
}

/** Writes a version into the models folder of the service, and its encoder if it has one. */
export async function writeVersion(
  models: string,
  { manifest, bytes }: TrainingResult,
  encoder?: string,
): Promise<void> {
  if (encoder !== undefined) await storeEncoder(models, await readEncoder(encoder));
  await writeArtefact(join(models, MODEL, manifest.version), manifest, bytes);
}
