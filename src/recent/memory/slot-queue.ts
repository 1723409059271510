/** A queue of rows with a limit: adding one above the limit removes the oldest. */
export class SlotQueue {
  readonly #slots: Uint16Array;
  readonly #sequences: Float64Array;
  #added = 0;

  constructor(size: number) {
    this.#slots = new Uint16Array(size);
    this.#sequences = new Float64Array(size);
  }

  /** @param release receives the row that loses its place, if there is one */
  add(slot: number, sequence: number, release: (slot: number, sequence: number) => void): void {
    const at = this.#added % this.#slots.length;
    if (this.#added >= this.#slots.length) release(this.#slots[at]!, this.#sequences[at]!);
    this.#slots[at] = slot;
    this.#sequences[at] = sequence;
    this.#added += 1;
  }
}
