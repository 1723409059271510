import type { RowFeedback } from '../prediction-row.ts';

const MAX_ENTRIES = 200;

/** Feedback on a kept row. It is null if the feedback was erased. */
interface FeedbackEntry {
  readonly id: string;
  readonly model: string | null;
  readonly feedback: RowFeedback | null;
}

/** Remembers the latest feedback on kept rows, for pages that are open. */
export class FeedbackLog {
  readonly #entries: FeedbackEntry[] = [];
  #count = 0;

  /** The number of all entries so far. It is the cursor of `since`. */
  get count(): number {
    return this.#count;
  }

  add(entry: FeedbackEntry): void {
    this.#count += 1;
    this.#entries.push(entry);
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
  }

  /** Returns the entries since a cursor, oldest first. @param models the visible models, or `undefined` for all */
  since(cursor: number, models: readonly string[] | undefined): Omit<FeedbackEntry, 'model'>[] {
    return this.#entries
      .slice(Math.max(0, this.#entries.length - (this.#count - cursor)))
      .filter(({ model }) => models === undefined || (model !== null && models.includes(model)))
      .map(({ id, feedback }) => ({ id, feedback }));
  }
}
