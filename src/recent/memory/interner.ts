/** The index of a missing string. */
const NONE = 0;

/** Gives each distinct string a small number, so that a column of strings is a column of numbers. */
export class Interner {
  readonly #indexes = new Map<string, number>();
  #values: string[] = [''];
  readonly #limit: number;

  /** @param limit the number of distinct strings */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Returns the number of a string, and gives it one if it is new. Returns `undefined` if the limit is reached. */
  add(value: string): number | undefined {
    const known = this.#indexes.get(value);
    if (known !== undefined) return known;
    if (this.#values.length > this.#limit) return undefined;
    const index = this.#values.push(value) - 1;
    this.#indexes.set(value, index);
    return index;
  }

  /** Returns the number of a string, or `NONE` if the string has none. */
  find(value: string): number {
    return this.#indexes.get(value) ?? NONE;
  }

  /** Returns the string of a number, or `undefined` for `NONE`. */
  get(index: number): string | undefined {
    return index === NONE ? undefined : this.#values[index];
  }

  /** Removes the strings that are not in use. Returns the new number of each former number. */
  compact(inUse: ReadonlySet<number>): Uint16Array {
    const renumbered = new Uint16Array(this.#values.length);
    const kept = [''];
    for (const index of inUse) if (index !== NONE) renumbered[index] = kept.push(this.#values[index]!) - 1;
    this.#values = kept;
    this.#indexes.clear();
    kept.forEach((value, index) => {
      if (index !== NONE) this.#indexes.set(value, index);
    });
    return renumbered;
  }
}
