/** A text that waits for an encoder. */
export interface WaitingText {
  readonly text: string;
  /** The name by which texts take turns: that of their model. */
  readonly queue: string;
}

/** The maximum number of characters of all texts that wait. */
const MAX_CHARACTERS = 4_000_000;

/** The length of the texts in the first bucket, in characters. Each further bucket has texts of twice the length. */
const FIRST_BUCKET = 64;

/** Returns the number of the bucket of a text. Texts of one bucket are encoded together, so that padding costs little. */
export function lengthBucket(text: string): number {
  return Math.max(0, Math.ceil(Math.log2(Math.max(1, text.length) / FIRST_BUCKET)));
}

/** Texts that wait, in a queue for each model. The models take turns. */
export class TextQueue<T extends WaitingText> {
  readonly #maxTexts: number;
  /** In the order of the turns. */
  readonly #queues = new Map<string, T[]>();
  #size = 0;
  #characters = 0;

  /** @param maxTexts the maximum number of texts that wait */
  constructor(maxTexts: number) {
    this.#maxTexts = maxTexts;
  }

  /** The number of texts that wait. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a text. If the queue is full, a text of a model with more waiting texts than this model gives up its place.
   *
   * @returns the text that has no place: another one, the given one, or `undefined` if there is place for all
   */
  add(waiting: T): T | undefined {
    const own = this.#queues.get(waiting.queue) ?? [];
    let refused: T | undefined;
    if (this.#size >= this.#maxTexts || this.#characters + waiting.text.length > MAX_CHARACTERS) {
      const longest = [...this.#queues.values()].reduce((a, b) => (b.length > a.length ? b : a), own);
      refused = longest.length > own.length + 1 ? longest.at(-1) : undefined;
      if (refused === undefined) return waiting;
      this.remove(refused);
    }
    own.push(waiting);
    this.#queues.set(waiting.queue, own);
    this.#size += 1;
    this.#characters += waiting.text.length;
    return refused;
  }

  /** Removes a text. Returns false if it does not wait. */
  remove(waiting: T): boolean {
    const own = this.#queues.get(waiting.queue) ?? [];
    const at = own.indexOf(waiting);
    if (at === -1) return false;
    own.splice(at, 1);
    if (own.length === 0) this.#queues.delete(waiting.queue);
    this.#size -= 1;
    this.#characters -= waiting.text.length;
    return true;
  }

  /** Takes all texts. */
  takeAll(): T[] {
    const all = [...this.#queues.values()].flat();
    this.#queues.clear();
    this.#size = 0;
    this.#characters = 0;
    return all;
  }

  /**
   * Takes the text whose turn it is, and further texts of its length, by turns of their models. The oldest texts of a model
   * come first.
   *
   * @param maxTexts the maximum number of texts
   */
  takeBatch(maxTexts: number): T[] {
    const first = this.#queues.values().next().value?.[0];
    if (first === undefined) return [];
    const bucket = lengthBucket(first.text);
    const batch: T[] = [];
    for (let found = true; found && batch.length < maxTexts; ) {
      found = false;
      for (const [name, own] of [...this.#queues]) {
        const next = batch.length < maxTexts && own.find(({ text }) => lengthBucket(text) === bucket);
        if (!next) continue;
        found = true;
        batch.push(next);
        this.remove(next);
        // The model goes to the end of the turns.
        if (this.#queues.delete(name) && own.length > 0) this.#queues.set(name, own);
      }
    }
    return batch;
  }
}
