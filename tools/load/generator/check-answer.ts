import { z } from 'zod';
import type { TextToSend } from './texts.ts';

const predictionSchema = z.object({
  prediction: z.string(),
  model: z.object({ name: z.string(), version: z.string() }).optional(),
  traceId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional()
    .catch(undefined),
});

/** A good answer. */
export interface GoodAnswer {
  /** The predicted label. */
  readonly label: string;
  /** `NAME@VERSION`, or empty. */
  readonly model: string;
  readonly traceId: string | undefined;
}

/** A good answer, or the reason why the answer failed. */
export type Answer = GoodAnswer | { readonly error: string };

/** Parses an answer of `POST /predict`. Any status other than 200 is an error. */
export function readAnswer(answer: { status: number; body: string } | { lost: string }): Answer {
  if ('lost' in answer) return { error: answer.lost };
  if (answer.status !== 200) return { error: `status ${answer.status}` };
  try {
    const parsed = predictionSchema.safeParse(JSON.parse(answer.body));
    if (!parsed.success) return { error: 'no prediction in the answer' };
    const { prediction: label, model, traceId } = parsed.data;
    return { label, model: model === undefined ? '' : `${model.name}@${model.version}`, traceId };
  } catch {
    return { error: 'the answer is not JSON' };
  }
}

/** A wrong answer. `line` is the line of the text in the data file. */
export interface Mismatch {
  readonly line: number;
  readonly expected: string;
  readonly got: string;
  readonly times: number;
}

/** The accuracy of the answers during a run. */
export interface Accuracy {
  readonly labelled: number;
  readonly correct: number;
  /** `correct / labelled`, or `null` if no labelled text was answered. */
  readonly ratio: number | null;
  /** The most frequent wrong answers, at most 100. */
  readonly mismatches: readonly Mismatch[];
  /** The number of answers that differ from the first answer of the same model version to the same text. */
  readonly changed: number;
  /** The most frequent changed answers, at most 100; `expected` is the first answer. */
  readonly changes: readonly Mismatch[];
}

/** The number of good answers of a model version. */
export interface VersionAnswers {
  /** `NAME@VERSION`. */
  readonly version: string;
  readonly answers: number;
}

/** The result of the checks of all good answers. */
export interface CheckedAnswers {
  readonly accuracy: Accuracy;
  /** The versions that answered, the most frequent first. */
  readonly versions: readonly VersionAnswers[];
}

const MAX_LISTED = 100;

/**
 * Creates a check that compares each predicted label with the label in the data, if there is one, and with the first
 * answer of the same model version to the same text. The second comparison finds a service that mixes up requests.
 */
export function createLabelCheck(texts: readonly Pick<TextToSend, 'label' | 'line'>[]) {
  const first = new Map<string, string>();
  const mismatches = new Map<string, Mismatch>();
  const changes = new Map<string, Mismatch>();
  const versions = new Map<string, number>();
  let labelled = 0;
  let correct = 0;
  let changed = 0;

  return {
    check(text: number, { label, model }: GoodAnswer): void {
      if (model !== '') versions.set(model, (versions.get(model) ?? 0) + 1);
      const expected = texts[text]!.label;
      if (expected !== undefined) {
        labelled += 1;
        if (expected === label) correct += 1;
        else count(mismatches, text, expected, label);
      }
      const key = `${text} ${model}`;
      const before = first.get(key);
      if (before === undefined) first.set(key, label);
      else if (before !== label) {
        changed += 1;
        count(changes, text, before, label);
      }
    },
    result: (): CheckedAnswers => ({
      accuracy: {
        labelled,
        correct,
        ratio: labelled === 0 ? null : correct / labelled,
        mismatches: mostFrequent(mismatches),
        changed,
        changes: mostFrequent(changes),
      },
      versions: [...versions].map(([version, answers]) => ({ version, answers })).sort((a, b) => b.answers - a.answers),
    }),
  };

  function count(into: Map<string, Mismatch>, text: number, expected: string, got: string): void {
    const key = `${text} ${expected} ${got}`;
    const times = (into.get(key)?.times ?? 0) + 1;
    into.set(key, { line: texts[text]!.line, expected, got, times });
  }
}

function mostFrequent(found: Map<string, Mismatch>): Mismatch[] {
  return [...found.values()].sort((a, b) => b.times - a.times || a.line - b.line).slice(0, MAX_LISTED);
}
