import type { Condition } from '../../insights/describe-finding.ts';

/** The label of `classifier_predictions_total` for an attribute. */
const PREDICTION_LABELS: Readonly<Record<string, string>> = { model: 'model', version: 'version', prediction: 'label' };

/** The label of `http_server_request_duration_seconds` for an attribute. */
const REQUEST_LABELS: Readonly<Record<string, string>> = { route: 'http_route', status: 'http_response_status_code' };

/** Returns a query for the rate of what some conditions describe, or `undefined` if no metric has their labels. */
export function promqlOf(conditions: readonly Condition[]): string | undefined {
  if (conditions.some(({ value }) => value === 'not set')) return undefined;
  const byPrediction = selector(conditions, PREDICTION_LABELS);
  if (byPrediction !== undefined) return `sum(rate(classifier_predictions_total{${byPrediction}}[5m]))`;
  const byRequest = selector(
    conditions.map((condition) =>
      condition.attribute === 'route' ? { ...condition, value: condition.value.replace(/^\w+ /, '') } : condition,
    ),
    REQUEST_LABELS,
  );
  if (byRequest === undefined) return undefined;
  // The mail gateway has this metric too.
  return `histogram_quantile(0.99, sum by (le) (rate(http_server_request_duration_seconds_bucket{job="waymark", ${byRequest}}[5m])))`;
}

function selector(conditions: readonly Condition[], labels: Readonly<Record<string, string>>): string | undefined {
  if (!conditions.every(({ attribute }) => Object.hasOwn(labels, attribute))) return undefined;
  return conditions.map(({ attribute, value }) => `${labels[attribute]}=${JSON.stringify(value)}`).join(', ');
}
