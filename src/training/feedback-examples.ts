import { createHash } from 'node:crypto';
import type { Manifest } from '../artefacts/manifest.ts';
import { type FeedbackTexts, openFeedbackTexts } from '../feedback/feedback-texts.ts';
import { DataFileError } from '../platform/json-lines.ts';
import type { Example } from './read-examples.ts';

type LearntFeedback = NonNullable<Manifest['training']['feedback']>;

/** The feedback on one model, to be learnt after the data. Use once. */
export interface FeedbackExamples {
  /** How much text there is. */
  readonly characters: number;
  /**
   * Keeps an example of the data back where feedback has the same text.
   *
   * @returns whether it does
   */
  hold(example: Example): boolean;
  /**
   * Hands on what is to be learnt, in the order that the feedback came in; then what was held back for nothing.
   *
   * @param labels those of the data
   */
  teach(labels: ReadonlySet<string>, learn: (example: Example) => void): LearntFeedback;
}

/**
 * Looks through the feedback on a model. The latest word on a text is the one that counts, and counts once, in the place of
 * what the data say of the same text. A label that the data do not have is left out: the data declare the labels, and those
 * of an earlier version are not to come back by themselves. Texts are not kept: they are read again to be learnt.
 *
 * @param folder a service's `DATA_DIR`
 * @throws DataFileError where it holds no feedback that can be read
 */
export function collectFeedbackExamples(folder: string, model: string): FeedbackExamples {
  let given = 0;
  let characters = 0;
  let until: number | undefined;
  const latest = new Map<string, number>();
  reading(folder, (texts) => {
    for (const { row, text, receivedAt } of texts.of(model)) {
      given += 1;
      characters += text.length;
      until = Math.max(until ?? 0, receivedAt);
      latest.set(keyOf(text), row);
    }
  });
  const held: Example[] = [];

  return {
    characters,
    hold(example) {
      const found = latest.size > 0 && latest.has(keyOf(example.text));
      if (found) held.push(example);
      return found;
    },
    teach(labels, learn) {
      const hash = createHash('sha256');
      const rows = new Set(latest.values());
      const taught = new Set<string>();
      let otherLabels = 0;
      reading(folder, (texts) => {
        for (const { row, text, label } of texts.of(model)) {
          // What came in since the first look is for the next training: the first look decided what counts.
          if (!rows.has(row)) continue;
          if (!labels.has(label)) {
            otherLabels += 1;
            continue;
          }
          taught.add(keyOf(text));
          hash.update(`${JSON.stringify({ text, label })}\n`);
          learn({ text, label });
        }
      });
      const kept = held.filter(({ text }) => !taught.has(keyOf(text)));
      for (const example of kept) learn(example);
      return {
        given,
        documents: taught.size,
        otherLabels,
        replaced: held.length - kept.length,
        sha256: hash.digest('hex'),
        ...(until !== undefined && { until }),
      };
    },
  };
}

/** A text by 132 bits of its sha256: of many texts, all of them in memory would be too much. */
function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('base64').slice(0, 22);
}

function reading(folder: string, read: (texts: FeedbackTexts) => void): void {
  let texts: FeedbackTexts | undefined;
  try {
    texts = openFeedbackTexts(folder);
    read(texts);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SQLITE_ERROR') throw error;
    const reason = `has no feedback that can be read: ${(error as Error).message}`;
    throw new DataFileError({ file: folder, reason }, { cause: error });
  } finally {
    texts?.close();
  }
}
