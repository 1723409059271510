import { z } from 'zod';

const prediction = z.object({
  prediction: z.string(),
  model: z.object({ name: z.string(), version: z.string() }).optional(),
});

/** What became of a request, as far as its answer alone tells. */
export type Answer = { readonly label: string; readonly model: string } | { readonly error: string };

/** Reads an answer of `POST /predict`. */
export function readAnswer(answer: { status: number; body: string } | { lost: string }): Answer {
  if ('lost' in answer) return { error: answer.lost };
  if (answer.status !== 200) return { error: `status ${answer.status}` };
  try {
    const parsed = prediction.safeParse(JSON.parse(answer.body));
    if (!parsed.success) return { error: 'no prediction in the answer' };
    const { prediction: label, model } = parsed.data;
    return { label, model: model === undefined ? '' : `${model.name}@${model.version}` };
  } catch {
    return { error: 'the answer is no JSON' };
  }
}

/** A wrong answer, by the line of the data. */
export interface Mismatch {
  readonly line: number;
  readonly expected: string;
  readonly got: string;
  readonly times: number;
}

export interface Accuracy {
  readonly labelled: number;
  readonly correct: number;
  readonly ratio: number | null;
  /** The most frequent ones. */
  readonly mismatches: readonly Mismatch[];
  /** Answers that differ from the first one to the same text, though the model's version is the same. */
  readonly changed: number;
  /** The most frequent ones; `expected` is the first answer. */
  readonly changes: readonly Mismatch[];
}

const mostListed = 100;

/**
 * Compares labels with what is expected: the data's label, where it has one, and always the first answer that the same
 * version of the model gave to the same text. A service that mixes up requests under load is found by the second.
 */
export function createLabelJudge(lineOf: (text: number) => number, expectedOf: (text: number) => string | undefined) {
  const first = new Map<string, string>();
  const mismatches = new Map<string, Mismatch>();
  const changes = new Map<string, Mismatch>();
  let labelled = 0;
  let correct = 0;
  let changed = 0;

  return {
    judge(text: number, label: string, model: string): void {
      const expected = expectedOf(text);
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
    result: (): Accuracy => ({
      labelled,
      correct,
      ratio: labelled === 0 ? null : correct / labelled,
      mismatches: mostFrequent(mismatches),
      changed,
      changes: mostFrequent(changes),
    }),
  };

  function count(into: Map<string, Mismatch>, text: number, expected: string, got: string): void {
    const key = `${text} ${expected} ${got}`;
    const times = (into.get(key)?.times ?? 0) + 1;
    into.set(key, { line: lineOf(text), expected, got, times });
  }
}

function mostFrequent(found: Map<string, Mismatch>): Mismatch[] {
  return [...found.values()].sort((a, b) => b.times - a.times || a.line - b.line).slice(0, mostListed);
}
