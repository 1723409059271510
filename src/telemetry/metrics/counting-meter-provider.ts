import type { Meter, MeterOptions, MeterProvider, MetricOptions } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { CollectionResult, MetricProducer } from '@opentelemetry/sdk-metrics';
import { CountedHistogram } from './counted-histogram.ts';

interface Scope {
  readonly name: string;
  readonly version?: string;
}

/** Which histograms are counted here, by name, and whether each keeps exemplars. */
export type CountedNames = Readonly<Record<string, { readonly exemplars: boolean }>>;

/** The histograms that are counted here, whoever makes them: collected beside what the SDK counts. */
export class CountedHistograms implements MetricProducer {
  readonly #names: CountedNames;
  readonly #resource: Resource;
  readonly #exemplarWindowMs: number;
  readonly #made = new Map<string, { readonly scope: Scope; readonly histogram: CountedHistogram }>();

  constructor(names: CountedNames, resource: Resource, exemplarWindowMs = 30_000) {
    this.#names = names;
    this.#resource = resource;
    this.#exemplarWindowMs = exemplarWindowMs;
  }

  /** The histogram of this name, or undefined where the SDK is to count. */
  histogram(scope: Scope, name: string, options: MetricOptions = {}): CountedHistogram | undefined {
    const boundaries = options.advice?.explicitBucketBoundaries;
    const counted = this.#names[name];
    if (counted === undefined || boundaries === undefined) return undefined;
    const known = this.#made.get(name);
    if (known) return known.histogram;
    const { unit = '', description = '' } = options;
    const histogram = new CountedHistogram(
      { name, unit, description, boundaries },
      counted.exemplars ? this.#exemplarWindowMs : undefined,
    );
    this.#made.set(name, { scope, histogram });
    return histogram;
  }

  async collect(): Promise<CollectionResult> {
    const scopeMetrics = [...this.#made.values()].flatMap(({ scope, histogram }) => {
      const metric = histogram.collect();
      return metric === undefined ? [] : [{ scope, metrics: [metric] }];
    });
    return { resourceMetrics: { resource: this.#resource, scopeMetrics }, errors: [] };
  }
}

/**
 * A meter provider that lets some histograms be counted here. It stands where value, attributes and context of a measurement
 * come together, so it covers instrumentations as well as own code.
 */
export class CountingMeterProvider implements MeterProvider {
  readonly #provider: MeterProvider;
  readonly #histograms: CountedHistograms;

  constructor(provider: MeterProvider, histograms: CountedHistograms) {
    this.#provider = provider;
    this.#histograms = histograms;
  }

  getMeter(name: string, version?: string, options?: MeterOptions): Meter {
    const meter = this.#provider.getMeter(name, version, options);
    const scope = version === undefined ? { name } : { name, version };
    return {
      createHistogram: (instrument, settings) =>
        this.#histograms.histogram(scope, instrument, settings) ?? meter.createHistogram(instrument, settings),
      createGauge: meter.createGauge.bind(meter),
      createCounter: meter.createCounter.bind(meter),
      createUpDownCounter: meter.createUpDownCounter.bind(meter),
      createObservableGauge: meter.createObservableGauge.bind(meter),
      createObservableCounter: meter.createObservableCounter.bind(meter),
      createObservableUpDownCounter: meter.createObservableUpDownCounter.bind(meter),
      addBatchObservableCallback: meter.addBatchObservableCallback.bind(meter),
      removeBatchObservableCallback: meter.removeBatchObservableCallback.bind(meter),
    };
  }
}
