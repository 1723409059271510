/** The slowest rows. A binary heap, so that the row that is compared with a new one is at hand. */
export class SlowestSlots {
  readonly #slots: Uint16Array;
  readonly #seconds: Float64Array;
  readonly #endedAt: Float64Array;
  #size = 0;

  constructor(size: number) {
    this.#slots = new Uint16Array(size);
    this.#seconds = new Float64Array(size);
    this.#endedAt = new Float64Array(size);
  }

  /**
   * Offers a row.
   *
   * @param release receives the row that loses its place, if there is one
   * @returns whether the row is among the slowest
   */
  offer(slot: number, seconds: number, endedAt: number, release: (slot: number) => void): boolean {
    const isFull = this.#size === this.#slots.length;
    if (isFull && seconds <= this.#seconds[0]!) return false;
    if (isFull) {
      release(this.#slots[0]!);
      this.#sink(0, slot, seconds, endedAt);
    } else {
      this.#size += 1;
      this.#rise(this.#size - 1, slot, seconds, endedAt);
    }
    return true;
  }

  /** Removes the rows that ended before a time, so that the slow start of a process is forgotten. */
  expire(before: number, release: (slot: number) => void): void {
    const size = this.#size;
    this.#size = 0;
    for (let at = 0; at < size; at += 1) {
      const slot = this.#slots[at]!;
      const endedAt = this.#endedAt[at]!;
      if (endedAt < before) {
        release(slot);
        continue;
      }
      // The heap grows within the places that were read before, so nothing unread is overwritten.
      this.#size += 1;
      this.#rise(this.#size - 1, slot, this.#seconds[at]!, endedAt);
    }
  }

  #put(at: number, slot: number, seconds: number, endedAt: number): void {
    this.#slots[at] = slot;
    this.#seconds[at] = seconds;
    this.#endedAt[at] = endedAt;
  }

  #move(to: number, from: number): void {
    this.#put(to, this.#slots[from]!, this.#seconds[from]!, this.#endedAt[from]!);
  }

  #rise(from: number, slot: number, seconds: number, endedAt: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#seconds[parent]! <= seconds) break;
      this.#move(at, parent);
      at = parent;
    }
    this.#put(at, slot, seconds, endedAt);
  }

  #sink(from: number, slot: number, seconds: number, endedAt: number): void {
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#seconds[child + 1]! < this.#seconds[child]!) child += 1;
      if (this.#seconds[child]! >= seconds) break;
      this.#move(at, child);
      at = child;
    }
    this.#put(at, slot, seconds, endedAt);
  }
}
