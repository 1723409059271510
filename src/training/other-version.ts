import type { Classifier } from '../classifier/scoring/classifier.ts';
import { comparePairs } from '../classifier/statistics/paired-difference.ts';
import { answerAll } from '../runtimes/answer-all.ts';
import type { Engines } from '../runtimes/onnx/engines.ts';
import { openVersion } from '../runtimes/open-version.ts';
import type { ModelClassifier } from '../runtimes/runtime.ts';
import type { Example } from './read-examples.ts';
import type { VersionComparison } from './training-job.ts';

/** A version that a new one is compared with. */
export interface OtherVersion {
  readonly version: string;
  readonly classifier: ModelClassifier;
}

/** Reads the version to compare with. If it cannot be read, the training goes on without a comparison. */
export async function readOther(folder: string | undefined, engines: Engines): Promise<OtherVersion | undefined> {
  if (folder === undefined) return undefined;
  return openVersion(folder, { engines }).then(
    ({ manifest, classifier }) => ({ version: manifest.version, classifier }),
    () => undefined,
  );
}

/** Compares a version with a new one on held-out examples. */
export async function compareHeldOut(
  other: OtherVersion,
  examples: readonly Example[],
  correct: readonly boolean[],
): Promise<VersionComparison> {
  return { version: other.version, method: 'held-out', ...comparePairs(await findCorrect(other, examples), correct) };
}

/** Returns for each example whether a version predicts its label. */
export async function findCorrect({ classifier }: OtherVersion, examples: readonly Example[]): Promise<boolean[]> {
  const answers = await answerAll(
    classifier,
    examples.map(({ text }) => text),
  );
  return examples.map(({ text, label }) => labelOf(answers, text) === label);
}

/** Returns the label that a classifier predicts. */
export function labelOf(classifier: Classifier, text: string): string {
  return classifier.score(classifier.tokenize(text)).label;
}
