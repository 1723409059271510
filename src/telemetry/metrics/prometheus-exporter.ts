import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { diag } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import {
  AggregationTemporality,
  type CollectionResult,
  DataPointType,
  InstrumentType,
  type MetricData,
  type MetricProducer,
  MetricReader,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { type LiveVersions, liveVersions } from '../live-versions.ts';
import { LiveSeries } from './live-series.ts';
import { OPENMETRICS_CONTENT_TYPE, serializeOpenMetrics } from './openmetrics-serializer.ts';
import { nameWithUnit } from './prometheus-names.ts';
import { MAX_SERIES } from './series.ts';

const PLAIN_TEXT_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * These have no limit. The SDK's overflow series of an observable counter keeps one of the observed values and loses the
 * others. Their callbacks decide how many series there are: as many as a confusion matrix has cells, for example.
 */
const OBSERVABLE: ReadonlySet<InstrumentType> = new Set([
  InstrumentType.OBSERVABLE_COUNTER,
  InstrumentType.OBSERVABLE_UP_DOWN_COUNTER,
  InstrumentType.OBSERVABLE_GAUGE,
]);

/**
 * `live-series.ts` adds up the deltas of counters, so that it can end series. Observed gauges are deltas, because the SDK
 * keeps the last value of a series after its callback no longer observes it.
 */
const DELTAS: ReadonlySet<InstrumentType> = new Set([InstrumentType.COUNTER, InstrumentType.OBSERVABLE_GAUGE]);

/** The time in milliseconds after which a connection on which nothing happens is closed. Scrapes come more often. */
const IDLE_TIMEOUT_MS = 120_000;

interface Address {
  readonly host: string;
  readonly port: number;
  /** Checks the header `host` of a scrape. */
  readonly isAllowedHost?: ((host: string | undefined) => boolean) | undefined;
  /** Checks the header `authorization` of a scrape. */
  readonly isAuthorized?: ((authorization: string | undefined) => Promise<boolean>) | undefined;
}

/**
 * Serves `/metrics`. It differs from the SDK's exporter in four points:
 * - The name of each metric has its unit. The SDK leaves the unit out and the Collector adds it, so one instrument would
 *   have two names. Here it gets its final name, and the Collector is configured not to change names.
 * - A client that requests OpenMetrics gets it, with exemplars. The plain text is that of the SDK.
 * - A failed collection is answered with 500. The SDK answers it with 200.
 * - The series of model versions that have left end after a while.
 */
export class UnitNamingPrometheusExporter extends MetricReader {
  readonly #address: Address;
  readonly #server = createServer((request, response) => void this.#answer(request, response)).unref();
  readonly #plainText = new PrometheusSerializer(undefined, false, undefined, false, true);
  readonly #series: LiveSeries;
  #source: () => Promise<CollectionResult> = () => this.collect();
  #onSeriesEnd: (ended: ScopeMetrics[]) => void = () => {};
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param metricProducers the producers of metrics that the SDK does not record
   * @param versions decides which versions of models have series
   */
  constructor(address: Address, metricProducers: MetricProducer[] = [], versions: LiveVersions = liveVersions) {
    super({
      otelComponentType: 'prometheus_http_text_metric_exporter',
      metricProducers,
      aggregationTemporalitySelector: (type) =>
        DELTAS.has(type) ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
      cardinalitySelector: (type) => (OBSERVABLE.has(type) ? Number.POSITIVE_INFINITY : MAX_SERIES),
    });
    this.#address = address;
    this.#series = new LiveSeries(versions);
  }

  /** Sets the metrics for a scrape. By default they are those of this process. */
  setSource(source: () => Promise<CollectionResult>): void {
    this.#source = source;
  }

  /** Sets the function that receives the last values of the counters and histograms that a collection has ended. */
  setSeriesEndListener(listener: (ended: ScopeMetrics[]) => void): void {
    this.#onSeriesEnd = listener;
  }

  /** Starts to listen. Rejects if the address is not available. */
  async startServer(): Promise<void> {
    const { host, port } = this.#address;
    this.#server.listen({ host, port });
    await once(this.#server, 'listening');
    // Without a listener a connection that cannot be accepted would end the process.
    this.#server.on('error', (error) => diag.error(`a scrape could not be accepted: ${error.message}`));
    // A client that does not read keeps no page in memory.
    this.#server.setTimeout(IDLE_TIMEOUT_MS);
  }

  protected override async onForceFlush(): Promise<void> {
    // Nothing is buffered, because metrics are pulled.
  }

  protected override async onShutdown(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Collects the metrics after all earlier collections: two at the same time would share the deltas. */
  override collect(...args: Parameters<MetricReader['collect']>): Promise<CollectionResult> {
    const collected = this.#last.then(() => super.collect(...args)).then((result) => this.#withTotals(result));
    this.#last = collected.catch(() => {});
    return collected;
  }

  #withTotals({ resourceMetrics, errors }: CollectionResult): CollectionResult {
    const { live, ended } = this.#series.update(resourceMetrics.scopeMetrics);
    if (ended.length > 0) this.#onSeriesEnd(withUnitsInNames(ended));
    return { errors, resourceMetrics: { ...resourceMetrics, scopeMetrics: withUnitsInNames(live) } };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('x-content-type-options', 'nosniff').setHeader('cross-origin-resource-policy', 'same-origin');
    if (this.#address.isAllowedHost?.(request.headers.host) === false) {
      response.writeHead(403).end('The host of the request is not allowed. ALLOWED_HOSTS lists the hosts that are.\n');
      return;
    }
    if ((await this.#address.isAuthorized?.(request.headers.authorization)) === false) {
      response.writeHead(401, { 'www-authenticate': 'Bearer' }).end('The token of METRICS_TOKEN_FILE is needed.\n');
      return;
    }
    if (request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    try {
      const { resourceMetrics, errors } = await this.#source();
      if (errors.length > 0) diag.error('metrics are incomplete', ...errors);
      const [type, text] = prefersOpenMetrics(request.headers.accept)
        ? [OPENMETRICS_CONTENT_TYPE, serializeOpenMetrics(resourceMetrics)]
        : [PLAIN_TEXT_CONTENT_TYPE, this.#plainText.serialize(resourceMetrics)];
      response.setHeader('content-type', type).setHeader('vary', 'accept').end(text);
    } catch (error) {
      diag.error('metrics could not be collected', error);
      response.writeHead(500).end();
    }
  }
}

function withUnitsInNames(scopes: readonly ScopeMetrics[]): ScopeMetrics[] {
  return scopes.map((scope) => ({ ...scope, metrics: scope.metrics.map(withUnitInName) }));
}

function withUnitInName(metric: MetricData): MetricData {
  const { name, unit } = metric.descriptor;
  const full = nameWithUnit(name, unit, metric.dataPointType === DataPointType.GAUGE);
  return full === name ? metric : { ...metric, descriptor: { ...metric.descriptor, name: full } };
}

/** Returns whether an `Accept` header ranks OpenMetrics 1.0 at least as high as plain text. */
export function prefersOpenMetrics(accept = ''): boolean {
  let openMetrics = 0;
  let plainText = 0;
  for (const range of accept.toLowerCase().split(',')) {
    const [type, ...pairs] = range.split(';').map((part) => part.trim());
    const parameters = new Map(pairs.map((pair) => pair.split('=', 2) as [string, string]));
    const quality = Number(parameters.get('q') ?? 1);
    if (type === 'application/openmetrics-text' && (parameters.get('version') ?? '1.0.0') === '1.0.0') {
      openMetrics = Math.max(openMetrics, quality);
    } else if (type === 'text/plain' || type === 'text/*' || type === '*/*') {
      plainText = Math.max(plainText, quality);
    }
  }
  return openMetrics > 0 && openMetrics >= plainText;
}
