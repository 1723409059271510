import {
  type Attributes,
  type Context,
  context,
  type Histogram,
  type Meter,
  type MeterOptions,
  type MeterProvider,
  type MetricOptions,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { type Exemplar, SlowestExemplarReservoir } from './exemplar-reservoir.ts';

/** The SDK's limit on the series of one metric: a series beyond it has no data point, so it needs no exemplars. */
const MAX_SERIES = 2_000;

/** For which histograms exemplars are kept: the bucket boundaries, by instrument name. */
export type ExemplarHistograms = Readonly<Record<string, readonly number[]>>;

/**
 * A meter provider whose histograms also keep exemplars, which the SDK does not do yet (opentelemetry-js#5147).
 *
 * It stands where the specification has its filter and reservoir: between an instrument and its storage, where value,
 * attributes and context of a measurement come together. So it covers instrumentations as well as own code. Only
 * measurements made in a sampled span are offered.
 */
export class ExemplarMeterProvider implements MeterProvider {
  readonly #provider: MeterProvider;
  readonly #storages: ReadonlyMap<string, ExemplarStorage>;

  constructor(provider: MeterProvider, histograms: ExemplarHistograms, windowMs = 30_000) {
    this.#provider = provider;
    this.#storages = new Map(
      Object.entries(histograms).map(([name, boundaries]) => [name, new ExemplarStorage(boundaries, windowMs)]),
    );
  }

  getMeter(name: string, version?: string, options?: MeterOptions): Meter {
    const meter = this.#provider.getMeter(name, version, options);
    return {
      createHistogram: (instrument, settings) => this.#createHistogram(meter, instrument, settings),
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

  /** The exemplars of one series of a histogram. */
  exemplars(instrument: string, attributes: Attributes): Exemplar[] {
    return this.#storages.get(instrument)?.collect(attributes) ?? [];
  }

  #createHistogram(meter: Meter, name: string, options?: MetricOptions): Histogram {
    const histogram = meter.createHistogram(name, options);
    const storage = this.#storages.get(name);
    if (!storage) return histogram;
    return {
      record(value, attributes, scope) {
        histogram.record(value, attributes, scope);
        storage.offer(value, attributes, scope);
      },
    };
  }
}

/** The reservoirs of one histogram, one for each series. */
class ExemplarStorage {
  readonly #boundaries: readonly number[];
  readonly #windowMs: number;
  readonly #reservoirs = new Map<string, SlowestExemplarReservoir>();
  /** The same reservoirs by a key that is quicker to make; one series has several where its attributes change order. */
  readonly #byRecordedOrder = new Map<string, SlowestExemplarReservoir>();

  constructor(boundaries: readonly number[], windowMs: number) {
    this.#boundaries = boundaries;
    this.#windowMs = windowMs;
  }

  offer(value: number, attributes: Attributes = {}, scope: Context = context.active()): void {
    const span = trace.getSpanContext(scope);
    if (!span || (span.traceFlags & TraceFlags.SAMPLED) === 0 || !(value >= 0)) return;
    this.#reservoir(attributes)?.offer(value, Date.now(), span);
  }

  collect(attributes: Attributes): Exemplar[] {
    return this.#reservoirs.get(sortedKey(attributes))?.collect() ?? [];
  }

  #reservoir(attributes: Attributes): SlowestExemplarReservoir | undefined {
    const key = keyInOrder(attributes);
    const known = this.#byRecordedOrder.get(key);
    if (known || this.#byRecordedOrder.size >= MAX_SERIES) return known;
    const sorted = sortedKey(attributes);
    const reservoir = this.#reservoirs.get(sorted) ?? new SlowestExemplarReservoir(this.#boundaries, this.#windowMs);
    this.#reservoirs.set(sorted, reservoir);
    this.#byRecordedOrder.set(key, reservoir);
    return reservoir;
  }
}

/** Made for every measurement: no sorting, no JSON. */
function keyInOrder(attributes: Attributes): string {
  let key = '';
  for (const name in attributes) key += `${name}\0${String(attributes[name])}\0`;
  return key;
}

function sortedKey(attributes: Attributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}
