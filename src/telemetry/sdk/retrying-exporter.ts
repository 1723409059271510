import { diag } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';

/** What the span and the log record exporters have in common. */
export interface Exporter<Item> {
  export(items: Item[], resultCallback: (result: ExportResult) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** The answers after which OTLP allows the same request again. */
const TEMPORARY_STATUS = new Set([429, 502, 503, 504]);

/**
 * Hands a batch to an exporter until it is taken. The SDK's own gives a batch up after some seconds, and with it all
 * that was measured while a Collector restarted.
 *
 * Nothing is queued here: a batch processor exports one batch at a time, and what comes meanwhile waits in its queue.
 * That queue is the bound on memory, and what no longer fits is counted by the SDK (`otel.sdk.processor.*.processed`
 * with `error.type` `queue_full`).
 */
export class RetryingExporter<Item> implements Exporter<Item> {
  readonly #exporter: Exporter<Item>;
  readonly #name: string;
  readonly #giveUpAfterMs: number;
  /** Processors flush all batches at once when they end; the exporter underneath refuses more than some. */
  #previous: Promise<unknown> = Promise.resolve();
  #failing = false;

  /**
   * @param name what is exported, for people
   * @param giveUpAfterMs the processor's own limit: after it, the processor has gone on to the next batch
   */
  constructor(exporter: Exporter<Item>, name: string, giveUpAfterMs: number) {
    this.#exporter = exporter;
    this.#name = name;
    this.#giveUpAfterMs = giveUpAfterMs;
  }

  export(items: Item[], resultCallback: (result: ExportResult) => void): void {
    const deadline = performance.now() + this.#giveUpAfterMs;
    this.#previous = this.#previous.then(() => this.#deliver(items, deadline)).then(resultCallback);
  }

  async #deliver(items: Item[], deadline: number): Promise<ExportResult> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const result = await new Promise<ExportResult>((resolve) => this.#exporter.export(items, resolve));
      if (result.code === ExportResultCode.SUCCESS) {
        this.#failing = false;
        return result;
      }
      if (isFinal(result.error) || performance.now() + pause > deadline) return result;
      // Once an outage: the processor's queue tells the rest.
      if (!this.#failing) diag.warn(`the receiver of ${this.#name} cannot be reached: they are kept until it can`);
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

/** Whether the receiver has refused the batch itself: then it will refuse it again. */
function isFinal(error: Error | undefined): boolean {
  const status = error && 'code' in error ? error.code : undefined;
  return typeof status === 'number' && !TEMPORARY_STATUS.has(status);
}
