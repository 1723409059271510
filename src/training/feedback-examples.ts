import { createHash } from 'node:crypto';
import type { Manifest } from '../artefacts/manifest.ts';
import { DataFileError } from '../datasets/data-file-error.ts';
import type { FeedbackPlace } from '../feedback/database/feedback.ts';
import { type FeedbackText, openFeedbackTexts } from '../feedback/database/feedback-texts.ts';
import { FeedbackKeyError } from '../feedback/database/text-cipher.ts';
import { describeAddress } from '../postgres/address.ts';
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
  addTo(add: (example: Example) => void, labels: ReadonlySet<string>): Promise<FeedbackSummary>;
}

/**
 * Collects the feedback on a model. Of several feedbacks on one text the latest is used, in place of the examples of the
 * data with that text. Feedback with a label that the data do not have is not used: the data declare the labels, and
 * labels of an earlier version must not return. To save memory the texts are not kept, but read a second time.
 *
 * @param place the `DATA_DIR` of a service, or its database
 * @param keyFile the file with the keys of encrypted texts
 * @throws {DataFileError} if the place has no feedback that can be read
 */
export async function collectFeedbackExamples(
  place: FeedbackPlace,
  model: string,
  keyFile?: string,
): Promise<FeedbackExamples> {
  const forEachText = (use: (text: FeedbackText) => void) => readFeedbackTexts(place, model, keyFile, use);
  let given = 0;
  let characters = 0;
  let until: number | undefined;
  const latestRows = new Map<string, number>();
  await forEachText(({ row, text, receivedAt }) => {
    given += 1;
    characters += text.length;
    until = Math.max(until ?? 0, receivedAt);
    latestRows.set(keyOf(text), row);
  });
  const withheld: Example[] = [];

  return {
    characters,
    withhold(example) {
      const hasFeedback = latestRows.size > 0 && latestRows.has(keyOf(example.text));
      if (hasFeedback) withheld.push(example);
      return hasFeedback;
    },
    async addTo(add, labels) {
      const hash = createHash('sha256');
      const rows = new Set(latestRows.values());
      const added = new Set<string>();
      let otherLabels = 0;
      await forEachText(({ row, text, label }) => {
        // Feedback that arrived after the first reading is left to the next training.
        if (!rows.has(row)) return;
        if (!labels.has(label)) {
          otherLabels += 1;
          return;
        }
        added.add(keyOf(text));
        hash.update(`${JSON.stringify({ text, label })}\n`);
        add({ text, label });
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

async function readFeedbackTexts(
  place: FeedbackPlace,
  model: string,
  keyFile: string | undefined,
  use: (text: FeedbackText) => void,
): Promise<void> {
  try {
    const texts = await openTexts(place, keyFile);
    try {
      for await (const text of texts.of(model)) use(text);
    } finally {
      await texts.close();
    }
  } catch (error) {
    const { code, name, message } = error as NodeJS.ErrnoException;
    const isExpected =
      error instanceof FeedbackKeyError || code === 'ERR_SQLITE_ERROR' || name === 'FeedbackStoreError';
    if (!isExpected) throw error;
    const file = typeof place === 'string' ? place : describeAddress(place);
    throw new DataFileError({ file, reason: `has no feedback that can be read: ${message}` }, { cause: error });
  }
}

/** Opens the texts of feedback. The client of PostgreSQL is loaded if there is a database. */
async function openTexts(place: FeedbackPlace, keyFile: string | undefined) {
  if (typeof place === 'string') return openFeedbackTexts(place, keyFile);
  const { openPostgresTexts } = await import('../feedback/postgres/feedback-texts.ts');
  return openPostgresTexts(place, keyFile);
}
