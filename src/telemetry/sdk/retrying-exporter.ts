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

/** The status codes after which OTLP allows a retry. */
const RETRYABLE_STATUS_CODES = new Set([429, 502, 503, 504]);

/**
 * Passes each batch to an exporter until the receiver accepts it. The exporters of the SDK give a batch up after some
 * seconds, so a restart of the Collector would lose data.
 *
 * This class has no queue. A batch processor exports one batch at a time, and new items wait in the queue of the processor.
 * That queue limits memory. The SDK counts items that do not fit into it (`otel.sdk.processor.*.processed` with
 * `error.type` `queue_full`).
 */
export class RetryingExporter<Item> implements Exporter<Item> {
  readonly #exporter: Exporter<Item>;
  readonly #name: string;
  readonly #timeoutMs: number;
  /** At its end a processor flushes all batches at once, and the exporter rejects more than a few at a time. */
  #previous: Promise<unknown> = Promise.resolve();
  #failing = false;

  /**
   * @param name the kind of the items, for messages
   * @param timeoutMs the export timeout of the processor, after which the processor continues with the next batch
   */
  constructor(exporter: Exporter<Item>, name: string, timeoutMs: number) {
    this.#exporter = exporter;
    this.#name = name;
    this.#timeoutMs = timeoutMs;
  }

  export(items: Item[], resultCallback: (result: ExportResult) => void): void {
    const deadline = performance.now() + this.#timeoutMs;
    this.#previous = this.#previous.then(() => this.#deliver(items, deadline)).then(resultCallback);
  }

  async #deliver(items: Item[], deadline: number): Promise<ExportResult> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, MAX_PAUSE_MS)) {
      const result = await new Promise<ExportResult>((resolve) => this.#exporter.export(items, resolve));
      if (result.code === ExportResultCode.SUCCESS) {
        this.#failing = false;
        return result;
      }
      if (isRejected(result.error) || performance.now() + pause > deadline) return result;
      // One message per outage. The metrics of the queue show the rest.
      if (!this.#failing) diag.warn(`the receiver of ${this.#name} is not available: they wait until it is`);
      this.#failing = true;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  async forceFlush(): Promise<void> {
    await this.#previous;
  }

  async shutdown(): Promise<void> {
    await this.#previous;
    await this.#exporter.shutdown();
  }
}

/** Returns whether the receiver rejected the batch itself, and would reject it again. */
function isRejected(error: Error | undefined): boolean {
  const status = error && 'code' in error ? error.code : undefined;
  return typeof status === 'number' && !RETRYABLE_STATUS_CODES.has(status);
}
