import { type Attributes, type Counter, diag, type MeterProvider } from '@opentelemetry/api';

/** The value of `error.type` for items that the receiver refused, by the semantic conventions for exporters. */
const REJECTED = 'rejected';

/** The part of the SDK's OTLP exporters that handles responses. It has no public access. */
interface ExporterInternals {
  _delegate?: { _responseHandler?: { handleResponse(response: unknown): void } };
}

/** The answer of a receiver that accepted a batch only in part. The fields depend on the signal. */
interface PartialSuccess {
  readonly rejectedSpans?: number | string;
  readonly rejectedLogRecords?: number | string;
  readonly errorMessage?: string;
}

/**
 * Counts items that the receiver refused as not exported. The SDK counts a batch as exported, also if the receiver accepted
 * it only in part.
 */
export class RefusedItems {
  readonly #name: string;
  #exported: Counter | undefined;
  /** The attributes of the exporter, without the outcome. */
  #attributes: Attributes = {};
  #rejected = 0;

  /** @param name the kind of the items, for messages */
  constructor(name: string) {
    this.#name = name;
  }

  /** Wraps the meter provider of an exporter. */
  watch(provider: MeterProvider): MeterProvider {
    const wrap = (counter: Counter): Counter => {
      this.#exported = counter;
      return { add: (value, attributes) => this.#addExported(counter, value, attributes) };
    };
    return {
      getMeter(...scope) {
        const meter = provider.getMeter(...scope);
        return Object.create(meter, {
          createCounter: {
            value: (...[name, options]: Parameters<typeof meter.createCounter>) => {
              const counter = meter.createCounter(name, options);
              return name.endsWith('.exported') ? wrap(counter) : counter;
            },
          },
        });
      },
    };
  }

  /** Reads the partial successes of an OTLP exporter. */
  listenTo(exporter: object): void {
    const handler = (exporter as ExporterInternals)._delegate?._responseHandler;
    if (!handler) {
      diag.warn(`partial successes of ${this.#name} are not counted: the exporter of the SDK has changed`);
      return;
    }
    handler.handleResponse = (response) => {
      const partial = (response as { partialSuccess?: PartialSuccess } | null | undefined)?.partialSuccess;
      if (!partial) return;
      const rejected = Number(partial.rejectedSpans ?? partial.rejectedLogRecords ?? 0) || 0;
      const reason = partial.errorMessage || 'no reason';
      if (rejected > 0) diag.error(`the receiver refused ${rejected} ${this.#name}, and they are lost: ${reason}`);
      else if (partial.errorMessage) diag.warn(`the receiver of ${this.#name} has a warning: ${reason}`);
      this.#rejected += rejected;
    };
  }

  /** Counts items that were refused with their whole batch. */
  count(items: number): void {
    this.#exported?.add(items, { ...this.#attributes, 'error.type': REJECTED });
  }

  #addExported(counter: Counter, value: number, attributes: Attributes = {}): void {
    if (attributes['error.type'] !== undefined) {
      counter.add(value, attributes);
      return;
    }
    this.#attributes = attributes;
    // The exporter counts first, and handles the response right after.
    queueMicrotask(() => {
      const rejected = Math.min(this.#rejected, value);
      this.#rejected = 0;
      counter.add(value - rejected, attributes);
      if (rejected > 0) counter.add(rejected, { ...attributes, 'error.type': REJECTED });
    });
  }
}
