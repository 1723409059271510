import { join } from 'node:path';
import { sharedDataFolder } from '../../bench/harness/shared-data.ts';
import { createRandom } from '../../src/classifier/learning/random.ts';
import { type Example, readExamples } from '../../src/training/read-examples.ts';
import { shuffled } from '../maintenance/mails.ts';

/** The number of labels, and the number of examples of each that the versions learn from: few, as at the start of a project. */
const LABELS = 40;
const EXAMPLES = 4;
/** The number of times that each question is sent. */
const ROUNDS = 4;

/** The questions of the demonstration, in random order. */
export interface Questions {
  readonly training: readonly Example[];
  /** Questions that no version has learned. */
  readonly traffic: readonly Example[];
}

/** Returns the folder of banking77. */
export function bankingFolder(): string {
  return join(sharedDataFolder(), 'banking77');
}

/** Reads the questions: few of the training data, and all of the test data for the same labels. */
export async function readQuestions(folder: string): Promise<Questions> {
  const random = createRandom(1);
  const [training, test] = await Promise.all(['train.jsonl', 'test.jsonl'].map((file) => readAll(join(folder, file))));
  const ofLabel = Map.groupBy(shuffled(training!, random), ({ label }) => label);
  const labels = [...ofLabel.keys()].sort().slice(0, LABELS);
  const known = test!.filter(({ label }) => labels.includes(label));
  return {
    training: labels.flatMap((label) => ofLabel.get(label)!.slice(0, EXAMPLES)),
    traffic: Array.from({ length: ROUNDS }, () => shuffled(known, random)).flat(),
  };
}

async function readAll(path: string): Promise<Example[]> {
  const examples: Example[] = [];
  await readExamples(path, (example) => examples.push(example));
  return examples;
}
