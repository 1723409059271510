import { readArtefact } from '../artefacts/artefact.ts';
import type { Classifier } from '../classifier/scoring/classifier.ts';
import { comparePairs } from '../classifier/statistics/paired-difference.ts';
import type { Example } from './read-examples.ts';
import type { VersionComparison } from './training-job.ts';

/** A version that a new one is compared with. */
export interface OtherVersion {
  readonly version: string;
  readonly classifier: Classifier;
}

/** Reads the version to compare with. If it cannot be read, the training goes on without a comparison. */
export async function readOther(folder: string | undefined): Promise<OtherVersion | undefined> {
  if (folder === undefined) return undefined;
  return readArtefact(folder).then(
    ({ manifest, classifier }) => ({ version: manifest.version, classifier }),
    () => undefined,
  );
}

/** Compares a version with a new one on held-out examples. */
export function compareHeldOut(
  { version, classifier }: OtherVersion,
  examples: readonly Example[],
  correct: readonly boolean[],
): VersionComparison {
  const otherCorrect = examples.map(({ text, label }) => labelOf(classifier, text) === label);
  return { version, method: 'held-out', ...comparePairs(otherCorrect, correct) };
}

/** Returns the label that a classifier predicts. */
export function labelOf(classifier: Classifier, text: string): string {
  return classifier.score(classifier.tokenize(text)).label;
}
