import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readArtefact, writeArtefact } from '../../src/artefacts/artefact.ts';
import type { AlgorithmName } from '../../src/classifier/scoring/algorithm-names.ts';
import { predictFile } from '../../src/training/predict-examples.ts';
import type { Example } from '../../src/training/read-examples.ts';
import { runTraining } from '../../src/training/run-training.ts';
import { median } from '../harness/median.ts';
import type { Contender, Dataset } from './contender.ts';

const TIMED_TEXTS = 300;
const ROUNDS = 5;

/** Trains this project's classifier from the file, writes and reads its artefact, and evaluates it like the service. */
export async function measureWaymark(
  { train, test }: Dataset,
  examples: readonly Example[],
  algorithm: AlgorithmName | 'auto',
): Promise<Contender> {
  const models = await mkdtemp(join(tmpdir(), 'waymark-bench-'));
  try {
    const job = {
      source: { examples: train },
      name: 'bench',
      version: '1',
      algorithm,
      tokenizer: 'auto',
      seed: 1,
    } as const;
    const start = performance.now();
    const { manifest, bytes } = await runTraining(job, () => {});
    const fitSeconds = (performance.now() - start) / 1000;
    const folder = join(models, 'bench', '1');
    await writeArtefact(folder, manifest, bytes);

    const beforeLoad = performance.now();
    const { classifier } = await readArtefact(folder);
    classifier.score(classifier.tokenize(examples[0]!.text));
    const loadSeconds = (performance.now() - beforeLoad) / 1000;

    const { evaluation } = await predictFile(classifier, test);
    const durations: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const { text } of examples.slice(0, TIMED_TEXTS)) {
        const before = performance.now();
        classifier.score(classifier.tokenize(text));
        durations.push((performance.now() - before) / 1000);
      }
    }
    return {
      name: `Waymark, ${algorithm}`,
      accuracy: evaluation.accuracy,
      calibrationError: evaluation.expectedCalibrationError,
      fitSeconds,
      p50Seconds: median(durations),
      artefactBytes: bytes.byteLength,
      loadSeconds,
      note:
        algorithm === 'auto' ? `${manifest.algorithm}; fit with its cross-validation` : 'fit with its cross-validation',
    };
  } finally {
    await rm(models, { recursive: true });
  }
}
