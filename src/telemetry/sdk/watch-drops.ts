import { type Attributes, type Counter, diag, type MeterProvider } from '@opentelemetry/api';

/**
 * A meter provider for a batch processor to count itself with, which also says when it drops something. The SDK only
 * counts log records that it drops, and tells of dropped spans when it no longer does.
 *
 * @param what is dropped, for people
 */
export function watchDrops(provider: MeterProvider, what: string): MeterProvider {
  let said = false;
  const watch = (counter: Counter): Counter => ({
    add(value, attributes, scope) {
      counter.add(value, attributes, scope);
      if (said || !isDrop(attributes)) return;
      said = true;
      diag.error(`the queue of ${what} is full: some are dropped (counted in otel_sdk_processor_*_processed_total)`);
    },
  });
  return {
    getMeter(...scope) {
      const meter = provider.getMeter(...scope);
      return Object.create(meter, {
        createCounter: {
          value: (...instrument: Parameters<typeof meter.createCounter>) => watch(meter.createCounter(...instrument)),
        },
      });
    },
  };
}

function isDrop(attributes: Attributes | undefined): boolean {
  return attributes?.['error.type'] === 'queue_full';
}
