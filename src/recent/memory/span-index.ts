const BUCKETS = 16_384;
const MASK = BUCKETS - 1;

/** Finds the row of a span. Span ids are random, so their last bits spread the rows evenly. */
export class SpanIndex {
  readonly #first = new Int32Array(BUCKETS).fill(-1);
  readonly #next: Int32Array;
  readonly #spans: Uint32Array;

  /** @param spans two numbers for each row: the halves of its span id */
  constructor(spans: Uint32Array) {
    this.#spans = spans;
    this.#next = new Int32Array(spans.length / 2).fill(-1);
  }

  add(slot: number): void {
    const bucket = this.#spans[2 * slot + 1]! & MASK;
    this.#next[slot] = this.#first[bucket]!;
    this.#first[bucket] = slot;
  }

  remove(slot: number): void {
    const bucket = this.#spans[2 * slot + 1]! & MASK;
    if (this.#first[bucket] === slot) {
      this.#first[bucket] = this.#next[slot]!;
      return;
    }
    for (let at = this.#first[bucket]!; at !== -1; at = this.#next[at]!) {
      if (this.#next[at] !== slot) continue;
      this.#next[at] = this.#next[slot]!;
      return;
    }
  }

  /** Returns the slot of a span, or -1. */
  find(high: number, low: number): number {
    for (let at = this.#first[low & MASK]!; at !== -1; at = this.#next[at]!) {
      if (this.#spans[2 * at] === high && this.#spans[2 * at + 1] === low) return at;
    }
    return -1;
  }
}
