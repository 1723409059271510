import { ID_BYTES, KEPT, PENDING, type RowColumns } from './row-columns.ts';
import type { RowTexts } from './row-texts.ts';
import { SlotQueue } from './slot-queue.ts';
import { SlowestSlots } from './slowest-slots.ts';

/** The number of the latest rows, and of further rows that are slow, failed, anomalous or wrong. */
const RECENT_ROWS = 10_000;
const KEPT_ROWS = 1_000;

/** The number of slots: one more than rows, because a new row takes its slot before an old one leaves. */
export const SLOTS = RECENT_ROWS + 4 * KEPT_ROWS + 1;

/** The time after which a row no longer counts among the slowest. */
const SLOW_MS = 3_600_000;

/** Gives slots to rows, and frees the slot of a row when no reason is left to keep it. */
export class SlotStore {
  readonly #columns: RowColumns;
  readonly #texts: RowTexts | undefined;
  /** Ids that are longer than their place. */
  readonly #longIds = new Map<number, Uint8Array>();
  readonly #order = new Uint16Array(RECENT_ROWS);
  readonly #ended = new Float64Array(RECENT_ROWS);
  readonly #free = Uint16Array.from({ length: SLOTS }, (_, at) => SLOTS - 1 - at);
  readonly #slow = new SlowestSlots(KEPT_ROWS);
  readonly #errors = new SlotQueue(KEPT_ROWS);
  readonly #anomalous = new SlotQueue(KEPT_ROWS);
  readonly #wrong = new SlotQueue(KEPT_ROWS);
  #freeCount = SLOTS;
  #sequence = 0;
  #endedCount = 0;

  constructor(columns: RowColumns, texts: RowTexts | undefined) {
    this.#columns = columns;
    this.#texts = texts;
  }

  /** The number of all rows since the start, which is the sequence of the last one. */
  get total(): number {
    return this.#sequence;
  }

  /** The number of rows whose request has ended. It is the cursor of `endedSince`. */
  get endedCount(): number {
    return this.#endedCount;
  }

  /** True if older rows are already forgotten. */
  get isFull(): boolean {
    return this.#sequence > RECENT_ROWS;
  }

  /** Takes a slot for a new row. The oldest of the recent rows loses its place. */
  take(): number {
    const sequence = ++this.#sequence;
    const at = sequence % RECENT_ROWS;
    if (sequence > RECENT_ROWS) {
      const oldest = this.#order[at]!;
      if (this.#columns.sequence[oldest] === sequence - RECENT_ROWS) this.#release(oldest, KEPT.recent);
    }
    this.#freeCount -= 1;
    const slot = this.#free[this.#freeCount]!;
    this.#order[at] = slot;
    this.#columns.sequence[slot] = sequence;
    this.#columns.kept[slot] = KEPT.recent;
    this.#columns.status[slot] = PENDING;
    return slot;
  }

  /**
   * Records that the request of a row has ended, and keeps the row longer if it is worth it.
   *
   * @param secondsPerText the time that is compared with that of other rows; 0 for a row that does not stand for its request
   */
  end(slot: number, isError: boolean, secondsPerText: number): void {
    this.#ended[this.#endedCount % RECENT_ROWS] = this.#columns.sequence[slot]!;
    this.#endedCount += 1;
    if (isError) this.#keep(slot, KEPT.error, this.#errors);
    if (this.#columns.anomalies[slot] !== 0) this.#keep(slot, KEPT.anomaly, this.#anomalous);
    if (secondsPerText > 0 && this.#slow.offer(slot, secondsPerText, endOf(this.#columns, slot), this.#releaseSlow)) {
      this.#columns.kept[slot]! |= KEPT.slow;
    }
  }

  /** Keeps a row among the wrong ones, or no longer. */
  setWrong(slot: number, isWrong: boolean): void {
    if (isWrong) this.#keep(slot, KEPT.wrong, this.#wrong);
    else this.#release(slot, KEPT.wrong);
  }

  /** Forgets the slow rows of more than an hour ago. @param now in milliseconds since the epoch */
  expireSlow(now: number): void {
    this.#slow.expire(now - SLOW_MS, this.#releaseSlow);
  }

  /** Returns the slot of one of the latest rows, or -1. */
  slotOf(sequence: number): number {
    const slot = this.#order[sequence % RECENT_ROWS]!;
    return sequence > 0 && this.#columns.sequence[slot] === sequence ? slot : -1;
  }

  /**
   * Returns the slot of the row of a span, or -1. Feedback searches for one row among all in some microseconds. An index would
   * cost each prediction a tenth of that.
   *
   * @param high the first half of the span id, as a number
   */
  slotOfSpan(high: number, low: number): number {
    const { span, sequence } = this.#columns;
    for (let slot = 0; slot < SLOTS; slot += 1) {
      if (span[2 * slot + 1] === low && span[2 * slot] === high && sequence[slot] !== 0) return slot;
    }
    return -1;
  }

  /** Returns the slots of all rows whose request has ended, in no order. */
  slots(): number[] {
    const { sequence, status } = this.#columns;
    const found: number[] = [];
    for (let slot = 0; slot < SLOTS; slot += 1) {
      if (sequence[slot] !== 0 && status[slot] !== PENDING) found.push(slot);
    }
    return found;
  }

  /** Returns the slots of the rows that ended since a cursor, oldest first, and the number of those that are gone. */
  endedSince(cursor: number): { slots: number[]; lost: number } {
    const slots: number[] = [];
    for (let at = Math.max(cursor, this.#endedCount - RECENT_ROWS); at < this.#endedCount; at += 1) {
      const slot = this.slotOf(this.#ended[at % RECENT_ROWS]!);
      if (slot !== -1) slots.push(slot);
    }
    return { slots, lost: this.#endedCount - cursor - slots.length };
  }

  /** Calls `visit` for the rows whose request ended after a time in milliseconds since the epoch, latest first. */
  forEachEndedAfter(time: number, visit: (slot: number) => void): void {
    for (let at = this.#endedCount - 1; at >= 0 && at >= this.#endedCount - RECENT_ROWS; at -= 1) {
      const slot = this.slotOf(this.#ended[at % RECENT_ROWS]!);
      if (slot === -1) continue;
      if (endOf(this.#columns, slot) < time) return;
      visit(slot);
    }
  }

  /** Keeps the bytes of the id of a row. */
  setId(slot: number, id: Uint8Array): void {
    if (id.length <= ID_BYTES) this.#columns.id.set(id, slot * ID_BYTES);
    else this.#longIds.set(slot, Uint8Array.from(id));
    this.#columns.idLength[slot] = Math.min(id.length, 255);
  }

  /** Returns the bytes of the id of a row, or `undefined` if the row has none. */
  id(slot: number): Uint8Array | undefined {
    const length = this.#columns.idLength[slot]!;
    if (length === 0) return undefined;
    return this.#longIds.get(slot) ?? this.#columns.id.subarray(slot * ID_BYTES, slot * ID_BYTES + length);
  }

  readonly #releaseSlow = (slot: number) => this.#release(slot, KEPT.slow);

  #keep(slot: number, reason: number, queue: SlotQueue): void {
    const { kept, sequence } = this.#columns;
    if ((kept[slot]! & reason) !== 0) return;
    kept[slot]! |= reason;
    queue.add(slot, sequence[slot]!, (oldest, oldestSequence) => {
      if (sequence[oldest] === oldestSequence) this.#release(oldest, reason);
    });
  }

  #release(slot: number, reason: number): void {
    const columns = this.#columns;
    columns.kept[slot]! &= ~reason;
    if (columns.kept[slot] !== 0) return;
    columns.sequence[slot] = 0;
    if (columns.idLength[slot]! > ID_BYTES) this.#longIds.delete(slot);
    this.#texts?.delete(slot);
    this.#free[this.#freeCount] = slot;
    this.#freeCount += 1;
  }
}

/** Returns the end of the request of a row, in milliseconds since the epoch. */
export function endOf(columns: RowColumns, slot: number): number {
  return columns.time[slot]! + columns.requestSeconds[slot]! * 1000;
}
