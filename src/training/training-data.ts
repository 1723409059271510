import { TrainingDataError } from '../classifier/learning/training-options.ts';
import { nameOfSource } from '../datasets/byte-source.ts';
import { createDatasetCheck } from '../datasets/dataset-check.ts';
import { type DataFiles, type Example, type ExamplePlace, type ReadDataFiles, readExamples } from './read-examples.ts';
import type { TrainingData } from './training-job.ts';

/** The maximum number of labels, as in the manifest of a version. */
const MAX_LABELS = 10_000;
/** The maximum number of labels in a message. */
const MAX_LISTED = 10;

/** Held-out examples in memory. Both versions of a comparison classify them. */
export interface HeldOutExamples extends ReadDataFiles {
  readonly examples: readonly Example[];
  readonly places: readonly ExamplePlace[];
  /** The number of examples of each label. */
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * Reads held-out examples into memory.
 *
 * @throws {DataFileError} if a file cannot be used
 */
export async function readHeldOut(data: DataFiles): Promise<HeldOutExamples> {
  const examples: Example[] = [];
  const places: ExamplePlace[] = [];
  const counts = new Map<string, number>();
  const read = await readExamples(data, (example, place) => {
    examples.push(example);
    places.push(place);
    counts.set(example.label, (counts.get(example.label) ?? 0) + 1);
  });
  return { ...read, examples, places, counts };
}

/**
 * Streams the training examples, and checks them.
 *
 * @throws {DataFileError} if a file cannot be used
 * @throws {TrainingDataError} if there are too many labels, or the held-out data have others
 */
export async function readTrainingData(
  data: DataFiles,
  heldOut: HeldOutExamples | undefined,
  maxTextCharacters: number,
  onExample: (example: Example) => void,
  onBytes: (bytes: number) => void,
): Promise<{ readonly data: TrainingData; readonly sha256: string; readonly labels: ReadonlySet<string> }> {
  const check = createDatasetCheck({
    files: data.paths.map(nameOfSource),
    testFiles: heldOut?.files.map(({ name }) => name) ?? [],
    maxTextCharacters,
  });
  const labels = new Set<string>();
  const { files, sha256 } = await readExamples(
    data,
    (example, place) => {
      labels.add(example.label);
      check.add(example, place);
      onExample(example);
    },
    onBytes,
  );
  if (labels.size > MAX_LABELS) {
    throw new TrainingDataError(`the data have ${labels.size} labels; at most ${MAX_LABELS} are allowed`);
  }
  if (heldOut) {
    for (const [at, example] of heldOut.examples.entries()) check.addTest(example, heldOut.places[at]!);
    requireKnownLabels(heldOut.counts, labels, 'the test data', 'the training data do not have');
  }
  return { data: { files, testFiles: heldOut?.files ?? [], summary: check.finish() }, sha256, labels };
}

/**
 * Checks that a model can predict the labels of examples.
 *
 * @param counts the number of examples of each label
 * @param subject the beginning of the message: "the data"
 * @param lacking the end of its first part: "the model does not have"
 * @throws {TrainingDataError} if there is another label
 */
export function requireKnownLabels(
  counts: ReadonlyMap<string, number>,
  known: ReadonlySet<string>,
  subject: string,
  lacking: string,
): void {
  const unknown = [...counts].filter(([label]) => !known.has(label));
  if (unknown.length === 0) return;
  const counted = unknown.map(([label, count]) => `${JSON.stringify(label)} (${count})`);
  const labels = [...known].sort().map((label) => JSON.stringify(label));
  throw new TrainingDataError(
    `${subject} have labels that ${lacking}: ${shorten(counted)}; allowed: ${shorten(labels)}`,
  );
}

function shorten(items: readonly string[]): string {
  const others = items.length > MAX_LISTED ? ` and ${items.length - MAX_LISTED} more` : '';
  return `${items.slice(0, MAX_LISTED).join(', ')}${others}`;
}
