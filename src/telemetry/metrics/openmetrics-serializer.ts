import type { Attributes, AttributeValue } from '@opentelemetry/api';
import {
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { bucketOf, type Exemplar } from './exemplar-reservoir.ts';
import { prometheusUnit, sanitizeName } from './prometheus-names.ts';

export const OPENMETRICS_CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** A data point with its exemplars, as planned for opentelemetry-js. */
export type WithExemplars<T> = DataPoint<T> & { readonly exemplars?: readonly Exemplar[] };

/** A metric family of the page. */
interface Family {
  readonly type: string;
  readonly head: string;
  /** The samples of each series, by its labels. A series must not appear twice, and its samples must be adjacent. */
  readonly series: Map<string, string>;
}

/**
 * Serialises metrics as OpenMetrics 1.0 text. Other than the plain text of Prometheus it has exemplars, on the buckets of
 * their values.
 */
export function serializeOpenMetrics({ resource, scopeMetrics }: ResourceMetrics): string {
  const families = new Map<string, Family>();
  for (const { metrics } of scopeMetrics) for (const metric of metrics) addMetric(families, metric);
  const target = `# TYPE target info\n# HELP target Target metadata\ntarget_info${braces(labels(resource.attributes))} 1\n`;
  const body = [...families.values()].map(({ head, series }) => head + [...series.values()].join(''));
  return `${target}${body.join('')}# EOF\n`;
}

function addMetric(families: Map<string, Family>, metric: MetricData): void {
  const type = typeOf(metric);
  if (type === undefined) return;
  const sanitized = sanitizeName(metric.descriptor.name);
  // The name of a counter's family lacks the suffix of its samples.
  const name = type === 'counter' ? sanitized.replace(/_total$/, '') : sanitized;
  const family = families.get(name) ?? { type, head: headOf(name, type, metric), series: new Map<string, string>() };
  if (family.type !== type) return;
  families.set(name, family);
  for (const [key, samples] of samplesOf(name, metric)) {
    if (!family.series.has(key)) family.series.set(key, samples);
  }
}

function typeOf(metric: MetricData): string | undefined {
  switch (metric.dataPointType) {
    case DataPointType.HISTOGRAM:
      return 'histogram';
    case DataPointType.SUM:
      return metric.isMonotonic ? 'counter' : 'gauge';
    case DataPointType.GAUGE:
      return 'gauge';
    default:
      return undefined;
  }
}

function headOf(name: string, type: string, metric: MetricData): string {
  const unit = prometheusUnit(metric.descriptor.unit, metric.dataPointType === DataPointType.GAUGE);
  return [
    `# TYPE ${name} ${type}\n`,
    unit !== undefined && name.endsWith(`_${unit}`) ? `# UNIT ${name} ${unit}\n` : '',
    metric.descriptor.description === '' ? '' : `# HELP ${name} ${escapeText(metric.descriptor.description)}\n`,
  ].join('');
}

function* samplesOf(name: string, metric: MetricData): Generator<[key: string, samples: string]> {
  switch (metric.dataPointType) {
    case DataPointType.HISTOGRAM:
      for (const point of metric.dataPoints) {
        const key = labels(point.attributes);
        yield [key, histogramSamples(name, key, point)];
      }
      break;
    case DataPointType.SUM:
    case DataPointType.GAUGE: {
      const sample = typeOf(metric) === 'counter' ? `${name}_total` : name;
      for (const { attributes, value } of metric.dataPoints) {
        const key = labels(attributes);
        yield [key, `${sample}${braces(key)} ${number(value)}\n`];
      }
    }
  }
}

function histogramSamples(name: string, key: string, point: WithExemplars<Histogram>): string {
  const { boundaries, counts } = point.value.buckets;
  const exemplars: Exemplar[] = [];
  for (const exemplar of point.exemplars ?? []) exemplars[bucketOf(exemplar.value, boundaries)] = exemplar;
  let cumulative = 0;
  const buckets = counts.map((count, i) => {
    cumulative += count;
    const le = `le="${canonicalNumber(boundaries[i] ?? Number.POSITIVE_INFINITY)}"`;
    return `${name}_bucket${braces(join(key, le))} ${cumulative}${exemplarText(exemplars[i])}\n`;
  });
  const { count, sum } = point.value;
  const total =
    sum === undefined ? '' : `${name}_count${braces(key)} ${count}\n${name}_sum${braces(key)} ${number(sum)}\n`;
  return buckets.join('') + total;
}

function exemplarText(exemplar: Exemplar | undefined): string {
  if (!exemplar) return '';
  const { traceId, spanId, value, time } = exemplar;
  return ` # {trace_id="${traceId}",span_id="${spanId}"} ${number(value)} ${(time / 1000).toFixed(3)}`;
}

/** Returns the labels inside the braces, in the order of the attributes. Attributes with the same label name are joined. */
function labels(attributes: Attributes): string {
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(attributes)) {
    const label = sanitizeName(name);
    const before = values.get(label);
    values.set(label, before === undefined ? labelValue(value) : `${before};${labelValue(value)}`);
  }
  return [...values].map(([label, value]) => `${label}="${escapeText(value)}"`).join(',');
}

function labelValue(value: AttributeValue | undefined): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function join(...parts: string[]): string {
  return parts.filter((part) => part !== '').join(',');
}

function braces(inside: string): string {
  return inside === '' ? '' : `{${inside}}`;
}

function escapeText(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/"/g, '\\"');
}

function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : `${value > 0 ? '+' : '-'}Inf`;
}

/** Returns the bound of a bucket as OpenMetrics requires it: as Go's `%g`, and always with a point. */
function canonicalNumber(value: number): string {
  if (!Number.isFinite(value)) return number(value);
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 6)) {
    const digits = String(Math.abs(power)).padStart(2, '0');
    return `${mantissa}e${power < 0 ? '-' : '+'}${digits}`;
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
