import { createHash } from 'node:crypto';
import type { Manifest } from '../artefacts/manifest.ts';
import { DataFileError } from '../datasets/data-file-error.ts';
import { type FeedbackTexts, openFeedbackTexts } from '../feedback/database/feedback-texts.ts';
import { FeedbackKeyError } from '../feedback/database/text-cipher.ts';
import type { Example } from './read-examples.ts';

type FeedbackSummary = NonNullable<Manifest['training']['feedback']>;

/** The feedback on one model as training examples. An instance serves one training. */
export interface FeedbackExamples {
  /** The number of characters of all texts. */
  readonly characters: number;
  /**
   * Withholds an example of the data if there is feedback on the same text.
   *
   * @returns whether the example was withheld
   */
  withhold(example: Example): boolean;
  /**
   * Adds the feedback to the training in the order of its arrival. Then adds the withheld examples whose feedback was not
   * used.
   *
   * @param labels the labels of the data; feedback with another label is not used
   */
  addTo(add: (example: Example) => void, labels: ReadonlySet<string>): FeedbackSummary;
}

/**
 * Collects the feedback on a model. Of several feedbacks on one text the latest is used, in place of the examples of the
 * data with that text. Feedback with a label that the data do not have is not used: the data declare the labels, and
 * labels of an earlier version must not return. To save memory the texts are not kept, but read a second time.
 *
 * @param folder the `DATA_DIR` of a service
 * @param keyFile the file with the keys of encrypted texts
 * @throws {DataFileError} if the folder has no feedback that can be read
 */
export function collectFeedbackExamples(folder: string, model: string, keyFile?: string): FeedbackExamples {
  const withFeedbackTexts = (read: (texts: FeedbackTexts) => void) => readFeedbackTexts(folder, keyFile, read);
  let given = 0;
  let characters = 0;
  let until: number | undefined;
  const latestRows = new Map<string, number>();
  withFeedbackTexts((texts) => {
    for (const { row, text, receivedAt } of texts.of(model)) {
      given += 1;
      characters += text.length;
      until = Math.max(until ?? 0, receivedAt);
      latestRows.set(keyOf(text), row);
    }
  });
  const withheld: Example[] = [];

  return {
    characters,
    withhold(example) {
      const hasFeedback = latestRows.size > 0 && latestRows.has(keyOf(example.text));
      if (hasFeedback) withheld.push(example);
      return hasFeedback;
    },
    addTo(add, labels) {
      const hash = createHash('sha256');
      const rows = new Set(latestRows.values());
      const added = new Set<string>();
      let otherLabels = 0;
      withFeedbackTexts((texts) => {
        for (const { row, text, label } of texts.of(model)) {
          // Feedback that arrived after the first reading is left to the next training.
          if (!rows.has(row)) continue;
          if (!labels.has(label)) {
            otherLabels += 1;
            continue;
          }
          added.add(keyOf(text));
          hash.update(`${JSON.stringify({ text, label })}\n`);
          add({ text, label });
        }
      });
      const unreplaced = withheld.filter(({ text }) => !added.has(keyOf(text)));
      for (const example of unreplaced) add(example);
      return {
        given,
        documents: added.size,
        otherLabels,
        replaced: withheld.length - unreplaced.length,
        sha256: hash.digest('hex'),
        ...(until !== undefined && { until }),
      };
    },
  };
}

/** Returns a key of 132 bits for a text, from its SHA-256. The texts themselves could exceed the memory. */
function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('base64').slice(0, 22);
}

function readFeedbackTexts(folder: string, keyFile: string | undefined, read: (texts: FeedbackTexts) => void): void {
  let texts: FeedbackTexts | undefined;
  try {
    texts = openFeedbackTexts(folder, keyFile);
    read(texts);
  } catch (error) {
    const isExpected =
      error instanceof FeedbackKeyError || (error as NodeJS.ErrnoException).code === 'ERR_SQLITE_ERROR';
    if (!isExpected) throw error;
    const reason = `has no feedback that can be read: ${(error as Error).message}`;
    throw new DataFileError({ file: folder, reason }, { cause: error });
  } finally {
    texts?.close();
  }
}
