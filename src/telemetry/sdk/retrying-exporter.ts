import { diag } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';

/** The common interface of span exporters and log record exporters. */
export interface Exporter<Item> {
  export(items: Item[], resultCallback: (result: ExportResult) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 5_000;
/** The share of a pause by which it varies, so that many processes do not retry at the same time. */
const JITTER = 0.2;

/** The status codes after which OTLP allows a retry. */
const RETRYABLE_STATUS_CODES = new Set([429, 502, 503, 504]);

/** The status codes that can have their cause in one item: the batch is malformed or too large. */
const DIVISIBLE_STATUS_CODES = new Set([400, 413]);

/** A receiver that has refused so many single items of a batch and accepted none refuses them all. */
const MAX_REFUSED_IN_ROW = 32;

/** The progress of one batch. */
interface Batch {
  readonly deadline: number;
  accepted: number;
  refused: number;
}

/**
 * Passes each batch to an exporter until the receiver accepts it. The exporters of the SDK give a batch up after some
 * seconds, so a restart of the Collector would lose data. A batch that the receiver refuses for good is halved, until only
 * the items are lost that cause the refusal.
 *
 * This class has no queue. A batch processor exports one batch at a time, and new items wait in the queue of the processor.
 * That queue limits memory. The SDK counts items that do not fit into it (`otel.sdk.processor.*.processed` with
 * `error.type` `queue_full`).
 */
export class RetryingExporter<Item> implements Exporter<Item> {
  readonly #exporter: Exporter<Item>;
  readonly #name: string;
  readonly #timeoutMs: number;
  readonly #countRefused: (items: number) => void;
  /** At its end a processor flushes all batches at once, and the exporter rejects more than a few at a time. */
  #previous: Promise<unknown> = Promise.resolve();
  #failing = false;

  /**
   * @param name the kind of the items, for messages
   * @param timeoutMs the export timeout of the processor, after which the processor continues with the next batch
   * @param countRefused counts items that are lost because the receiver refused them
   */
  constructor(exporter: Exporter<Item>, name: string, timeoutMs: number, countRefused = (_items: number) => {}) {
    this.#exporter = exporter;
    this.#name = name;
    this.#timeoutMs = timeoutMs;
    this.#countRefused = countRefused;
  }

  export(items: Item[], resultCallback: (result: ExportResult) => void): void {
    const batch = { deadline: performance.now() + this.#timeoutMs, accepted: 0, refused: 0 };
    this.#previous = this.#previous
      .then(() => this.#deliver(items, batch))
      .then((result) => {
        if (batch.refused > 0) this.#countRefused(batch.refused);
        // The processor would count all items of the batch as lost.
        resultCallback(batch.accepted > 0 ? { code: ExportResultCode.SUCCESS } : result);
      })
      .catch((error: unknown) => diag.error(`the export of ${this.#name} failed: ${error}`));
  }

  async #deliver(items: Item[], batch: Batch): Promise<ExportResult> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
      const result = await this.#attempt(items);
      if (result.code === ExportResultCode.SUCCESS) {
        this.#failing = false;
        batch.accepted += items.length;
        return result;
      }
      const refusal = refusalOf(result.error);
      if (refusal) return this.#refuse(items, batch, result, refusal);
      const pauseMs = pause * (1 + JITTER * (2 * Math.random() - 1));
      if (performance.now() + pauseMs > batch.deadline) return result;
      // One message per outage. The metrics of the queue show the rest.
      if (!this.#failing) {
        diag.warn(
          `the receiver of ${this.#name} is not available: they wait until it is (${result.error?.message ?? 'no reason'})`,
        );
      }
      this.#failing = true;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** Delivers the halves of a refused batch, or gives up its items. */
  async #refuse(items: Item[], batch: Batch, result: ExportResult, { reason, isDivisible }: Refusal) {
    const refusesAll = batch.accepted === 0 && batch.refused >= MAX_REFUSED_IN_ROW;
    if (isDivisible && items.length > 1 && !refusesAll) {
      const middle = Math.ceil(items.length / 2);
      await this.#deliver(items.slice(0, middle), batch);
      await this.#deliver(items.slice(middle), batch);
      return result;
    }
    batch.refused += items.length;
    diag.error(`the receiver refused ${items.length} ${this.#name} for good, and they are lost: ${reason}`);
    return result;
  }

  /** Exports once. An exporter that throws must not end the telemetry. */
  #attempt(items: Item[]): Promise<ExportResult> {
    return new Promise((resolve) => {
      try {
        this.#exporter.export(items, resolve);
      } catch (error) {
        resolve({ code: ExportResultCode.FAILED, error: new ExportThrew(String(error)) });
      }
    });
  }

  async forceFlush(): Promise<void> {
    await this.#previous;
  }

  async shutdown(): Promise<void> {
    await this.#previous;
    await this.#exporter.shutdown();
  }
}

/** An exporter threw an error, because it cannot serialise an item. */
class ExportThrew extends Error {
  override name = 'ExportThrew';
}

/** A refusal that a retry would not change. */
interface Refusal {
  readonly reason: string;
  /** Returns true if one item can be the cause. */
  readonly isDivisible: boolean;
}

/** Returns the refusal if the receiver rejected the batch itself. After any other error a retry can succeed. */
function refusalOf(error: Error | undefined): Refusal | undefined {
  if (error instanceof ExportThrew) return { reason: error.message, isDivisible: true };
  const status = error && 'code' in error ? error.code : undefined;
  if (typeof status !== 'number' || RETRYABLE_STATUS_CODES.has(status)) return undefined;
  return { reason: `HTTP ${status} ${error?.message ?? ''}`.trim(), isDivisible: DIVISIBLE_STATUS_CODES.has(status) };
}
