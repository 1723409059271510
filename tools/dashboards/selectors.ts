/**
 * Selects the metrics of the service. The jobs are those of the scrapes in `otel/collector/collector.yaml`, so
 * `OTEL_SERVICE_NAME` does not change them.
 */
export const SERVICE = 'job="waymark"';

/** Selects the metrics of the mail gateway. */
export const MAIL_GATEWAY = 'job="mail-gateway"';

/** Selects by the variables of a dashboard. Without a choice they select everything. */
export const INSTANCE = 'instance=~"$instance"';
export const MODEL = 'model="$model"';
export const VERSION = 'version=~"$version"';
/** The jobs that are chosen on a dashboard about both services. */
export const CHOSEN_JOB = 'job=~"$job"';

/** Returns a selector: `metric{matcher, …}`. */
export function select(metric: string, ...matchers: readonly string[]): string {
  return `${metric}{${matchers.join(', ')}}`;
}

/** Returns the rate of a selector over the window that fits the scale of the panel. */
function rate(selector: string): string {
  return `rate(${selector}[$__rate_interval])`;
}

/** Returns the sum of a rate, by some labels. */
export function sumRate(selector: string, ...labels: readonly string[]): string {
  return labels.length === 0 ? `sum(${rate(selector)})` : `sum by (${labels.join(', ')}) (${rate(selector)})`;
}

/**
 * Returns a quantile of a histogram.
 *
 * @param metric the name of the histogram, without a suffix
 */
export function quantile(
  q: number,
  metric: string,
  matchers: readonly string[],
  labels: readonly string[] = [],
): string {
  const by = ['le', ...labels].join(', ');
  return `histogram_quantile(${q}, sum by (${by}) (${rate(select(`${metric}_bucket`, ...matchers))}))`;
}

/** Keeps the series of the active version of a model. */
export function ofActiveVersion(expression: string): string {
  return `${expression} and on (model, version) classifier:active:info`;
}

/**
 * Keeps the span metrics of the processes of a job. Span metrics have the name of the service, which `OTEL_SERVICE_NAME` can
 * change. `target_info` has both.
 */
export function ofSpansFrom(rates: string, job: string): string {
  return `${rates} and on (service_name) ${select('target_info', job)}`;
}
