import type { Attributes, Meter, MeterOptions, MeterProvider, MetricOptions } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { CollectionResult, MetricProducer } from '@opentelemetry/sdk-metrics';
import { CountedHistogram } from './counted-histogram.ts';

/** The instrumentation scope that created a histogram. */
interface Scope {
  readonly name: string;
  readonly version?: string;
}

/** Options of the counted histograms, by their names. */
export type CountedHistogramOptions = Readonly<Record<string, { readonly exemplars: boolean }>>;

/** The counted histograms of all scopes. A metric reader collects them together with the metrics of the SDK. */
export class CountedHistograms implements MetricProducer {
  readonly #options: CountedHistogramOptions;
  readonly #resource: Resource;
  readonly #exemplarWindowMs: number;
  readonly #created = new Map<string, { readonly scope: Scope; readonly histogram: CountedHistogram }>();

  constructor(options: CountedHistogramOptions, resource: Resource, exemplarWindowMs = 30_000) {
    this.#options = options;
    this.#resource = resource;
    this.#exemplarWindowMs = exemplarWindowMs;
  }

  /**
   * Returns the histogram with this name, and creates it when it is first needed. Returns `undefined` for a histogram of the
   * SDK: one that is not in the options, or has no boundaries.
   */
  histogram(scope: Scope, name: string, settings: MetricOptions = {}): CountedHistogram | undefined {
    const boundaries = settings.advice?.explicitBucketBoundaries;
    const counted = this.#options[name];
    if (counted === undefined || boundaries === undefined) return undefined;
    const known = this.#created.get(name);
    if (known) return known.histogram;
    const { unit = '', description = '' } = settings;
    const histogram = new CountedHistogram(
      { name, unit, description, boundaries },
      counted.exemplars ? this.#exemplarWindowMs : undefined,
    );
    this.#created.set(name, { scope, histogram });
    return histogram;
  }

  /** Ends the series with certain attributes, of all histograms. */
  forget(select: (attributes: Attributes) => boolean): void {
    for (const { histogram } of this.#created.values()) histogram.forget(select);
  }

  async collect(): Promise<CollectionResult> {
    const scopeMetrics = [...this.#created.values()].flatMap(({ scope, histogram }) => {
      const metric = histogram.collect();
      return metric === undefined ? [] : [{ scope, metrics: [metric] }];
    });
    return { resourceMetrics: { resource: this.#resource, scopeMetrics }, errors: [] };
  }
}

/**
 * A meter provider that creates some histograms as counted ones, and all other instruments with the SDK. It works for
 * instrumentations as well as for Waymark's own code.
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
