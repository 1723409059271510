import type { RowFeedback } from '../prediction-row.ts';

const MAX_ENTRIES = 200;

/** Remembers the latest feedback on kept rows, for pages that are open. */
export class FeedbackLog {
  readonly #entries: { id: string; feedback: RowFeedback | null }[] = [];
  #count = 0;

  /** The number of all entries so far. It is the cursor of `since`. */
  get count(): number {
    return this.#count;
  }

  /** @param feedback null if the feedback was erased */
  add(id: string, feedback: RowFeedback | null): void {
    this.#count += 1;
    this.#entries.push({ id, feedback });
    if (this.#entries.length > MAX_ENTRIES) this.#entries.shift();
  }

  /** Returns the entries since a cursor, oldest first. */
  since(cursor: number): { id: string; feedback: RowFeedback | null }[] {
    return this.#entries.slice(Math.max(0, this.#entries.length - (this.#count - cursor)));
  }
}
