import { hash } from 'node:crypto';
import type { Classifier } from '../classifier/scoring/classifier.ts';
import { type MembershipInference, measureLossAttack } from '../classifier/statistics/membership-inference.ts';
import { DataFileError } from '../datasets/data-file-error.ts';
import { answerAll } from '../runtimes/answer-all.ts';
import { isDeferred, type ModelClassifier } from '../runtimes/runtime.ts';
import { type DataFiles, type Example, readExamples } from './read-examples.ts';

/**
 * Attacks a classifier: guesses by the loss of a text whether it was in the training data.
 *
 * @param training the file that the classifier learned from
 * @param heldOut a file of the same source. Its texts that are in the training data too are left out
 * @throws {DataFileError} if a file cannot be used, or if no text is left
 */
export async function measurePrivacy(
  classifier: ModelClassifier,
  training: DataFiles,
  heldOut: DataFiles,
): Promise<MembershipInference> {
  const texts: string[] = [];
  if (isDeferred(classifier))
    for (const data of [training, heldOut]) await readExamples(data, ({ text }) => texts.push(text));
  const known = new Set<string>();
  const members: number[] = [];
  const nonMembers: number[] = [];
  const lossOf = createLoss(await answerAll(classifier, texts));
  await readExamples(training, (example) => {
    known.add(hash('sha256', example.text, 'base64'));
    members.push(lossOf(example));
  });
  await readExamples(heldOut, (example) => {
    if (!known.has(hash('sha256', example.text, 'base64'))) nonMembers.push(lossOf(example));
  });
  if (nonMembers.length > 0) return measureLossAttack(members, nonMembers);
  throw new DataFileError({ file: heldOut.paths.join(', '), reason: 'has no text that is not in the training data' });
}

function createLoss(classifier: Classifier): (example: Example) => number {
  const indexes = new Map(classifier.labels.map((label, index) => [label, index]));
  return ({ text, label }) => {
    const index = indexes.get(label);
    const { probabilities } = classifier.score(classifier.tokenize(text));
    return -Math.log(index === undefined ? 0 : probabilities[index]!);
  };
}
