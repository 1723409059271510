import type { CodedAttribute } from './coded-attributes.ts';

/**
 * Counts rows by the codes of each pair of attributes, as sums over rectangles: entry (a, b) is the number of rows with a
 * first code below a and a second code below b. With at most two conditions this is all that slices need, and it takes one
 * step for each row and pair. Bitsets would take a step for each pair of conditions and 32 rows.
 */
export class PairCounts {
  readonly attributes: readonly CodedAttribute[];
  readonly sums: Int32Array;
  readonly #offsets: Int32Array;
  /** The codes of the counted rows, one attribute after the other, so that they are read in order. */
  readonly #codes: Uint8Array;

  constructor(attributes: readonly CodedAttribute[]) {
    const count = attributes.length;
    this.attributes = attributes;
    this.#codes = new Uint8Array(count * (attributes[0]?.codes.length ?? 0));
    this.#offsets = new Int32Array(count * count);
    let size = 0;
    for (let a = 0; a < count; a += 1) {
      for (let b = a + 1; b < count; b += 1) {
        this.#offsets[a * count + b] = size;
        size += (attributes[a]!.size + 1) * (attributes[b]!.size + 1);
      }
    }
    this.sums = new Int32Array(size);
  }

  /** Returns the place of the sums of two attributes, where `a < b`. */
  offset(a: number, b: number): number {
    return this.#offsets[a * this.attributes.length + b]!;
  }

  /** Counts the given rows, and forgets what was counted before. */
  count(rows: Uint32Array): void {
    const { sums, attributes } = this;
    const counted = rows.length;
    const codes = this.#codes;
    sums.fill(0);
    for (const [at, attribute] of attributes.entries()) {
      const from = at * counted;
      for (let row = 0; row < counted; row += 1) codes[from + row] = attribute.codes[rows[row]!]!;
    }
    for (let a = 0; a < attributes.length - 1; a += 1) {
      for (let b = a + 1; b < attributes.length; b += 1) {
        const width = attributes[b]!.size + 1;
        const offset = this.offset(a, b);
        const first = a * counted;
        const second = b * counted;
        const origin = offset + width + 1;
        for (let row = 0; row < counted; row += 1)
          sums[origin + codes[first + row]! * width + codes[second + row]!]! += 1;
        this.#addUp(offset, attributes[a]!.size + 1, width);
      }
    }
  }

  #addUp(offset: number, height: number, width: number): void {
    const { sums } = this;
    for (let first = 1; first < height; first += 1) {
      let inRow = 0;
      const at = offset + first * width;
      for (let second = 1; second < width; second += 1) {
        inRow += sums[at + second]!;
        sums[at + second] = inRow + sums[at - width + second]!;
      }
    }
  }
}
