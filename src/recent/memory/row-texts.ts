/** The number of characters that are kept of a text, and of all texts of the recent rows together. */
const MAX_CHARACTERS = 1_000;
const MAX_TOTAL = 4_000_000;

/** The texts of rows. They exist only with `CAPTURE_TEXT`. The oldest are removed when they take too much memory. */
export class RowTexts {
  readonly #texts = new Map<number, string>();
  #total = 0;

  set(slot: number, text: string): void {
    // The copy keeps a long text from staying in memory behind its beginning.
    const kept = Buffer.from(text.slice(0, MAX_CHARACTERS), 'utf16le').toString('utf16le');
    this.delete(slot);
    this.#texts.set(slot, kept);
    this.#total += kept.length;
    // A map iterates in the order of insertion, so the first text is the oldest.
    for (const [oldest] of this.#texts) {
      if (this.#total <= MAX_TOTAL) break;
      this.delete(oldest);
    }
  }

  get(slot: number): string | undefined {
    return this.#texts.get(slot);
  }

  delete(slot: number): void {
    const text = this.#texts.get(slot);
    if (text === undefined) return;
    this.#total -= text.length;
    this.#texts.delete(slot);
  }
}
