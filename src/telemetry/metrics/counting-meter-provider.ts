import type { Attributes, Meter, MeterOptions, MeterProvider, MetricOptions } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { CollectionResult, MetricProducer } from '@opentelemetry/sdk-metrics';
import { CountedCounter } from './counted-counter.ts';
import { CountedHistogram } from './counted-histogram.ts';

/** The instrumentation scope that created an instrument. */
interface Scope {
  readonly name: string;
  readonly version?: string;
}

/** The instruments of one kind, by their names. */
type Created<I> = Map<string, { readonly scope: Scope; readonly instrument: I }>;

/** The names of the instruments that are counted here, and not by the SDK. */
export interface CountedInstrumentOptions {
  readonly histograms: Readonly<Record<string, { readonly exemplars: boolean }>>;
  readonly counters?: readonly string[];
}

/** The counted instruments of all scopes. A metric reader collects them together with the metrics of the SDK. */
export class CountedInstruments implements MetricProducer {
  readonly #options: CountedInstrumentOptions;
  readonly #resource: Resource;
  readonly #exemplarWindowMs: number;
  readonly #histograms: Created<CountedHistogram> = new Map();
  readonly #counters: Created<CountedCounter> = new Map();

  constructor(options: CountedInstrumentOptions, resource: Resource, exemplarWindowMs = 30_000) {
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
    const counted = this.#options.histograms[name];
    if (counted === undefined || boundaries === undefined) return undefined;
    const { unit = '', description = '' } = settings;
    const exemplarWindowMs = counted.exemplars ? this.#exemplarWindowMs : undefined;
    const definition = { name, unit, description, boundaries };
    return findOrCreate(this.#histograms, scope, name, () => new CountedHistogram(definition, exemplarWindowMs));
  }

  /** Returns the counter with this name, and creates it when it is first needed; `undefined` for a counter of the SDK. */
  counter(scope: Scope, name: string, { unit = '', description = '' }: MetricOptions = {}): CountedCounter | undefined {
    if (!this.#options.counters?.includes(name)) return undefined;
    return findOrCreate(this.#counters, scope, name, () => new CountedCounter({ name, unit, description }));
  }

  /** Ends the series with certain attributes, of all histograms. Counters keep nothing between two collections. */
  forget(select: (attributes: Attributes) => boolean): void {
    for (const { instrument } of this.#histograms.values()) instrument.forget(select);
  }

  async collect(): Promise<CollectionResult> {
    const created = [...this.#histograms.values(), ...this.#counters.values()];
    const scopeMetrics = created.flatMap(({ scope, instrument }) => {
      const metric = instrument.collect();
      return metric === undefined ? [] : [{ scope, metrics: [metric] }];
    });
    return { resourceMetrics: { resource: this.#resource, scopeMetrics }, errors: [] };
  }
}

function findOrCreate<I>(created: Created<I>, scope: Scope, name: string, create: () => I): I {
  const known = created.get(name);
  if (known) return known.instrument;
  const instrument = create();
  created.set(name, { scope, instrument });
  return instrument;
}

/**
 * A meter provider that creates some histograms and counters as counted ones, and all other instruments with the SDK. It works
 * for instrumentations as well as for Waymark's own code.
 */
export class CountingMeterProvider implements MeterProvider {
  readonly #provider: MeterProvider;
  readonly #counted: CountedInstruments;

  constructor(provider: MeterProvider, counted: CountedInstruments) {
    this.#provider = provider;
    this.#counted = counted;
  }

  getMeter(name: string, version?: string, options?: MeterOptions): Meter {
    const meter = this.#provider.getMeter(name, version, options);
    const scope = version === undefined ? { name } : { name, version };
    return {
      createHistogram: (instrument, settings) =>
        this.#counted.histogram(scope, instrument, settings) ?? meter.createHistogram(instrument, settings),
      createGauge: meter.createGauge.bind(meter),
      createCounter: (instrument, settings) =>
        this.#counted.counter(scope, instrument, settings) ?? meter.createCounter(instrument, settings),
      createUpDownCounter: meter.createUpDownCounter.bind(meter),
      createObservableGauge: meter.createObservableGauge.bind(meter),
      createObservableCounter: meter.createObservableCounter.bind(meter),
      createObservableUpDownCounter: meter.createObservableUpDownCounter.bind(meter),
      addBatchObservableCallback: meter.addBatchObservableCallback.bind(meter),
      removeBatchObservableCallback: meter.removeBatchObservableCallback.bind(meter),
    };
  }
}
