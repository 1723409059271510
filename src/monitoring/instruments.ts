import {
  type Counter,
  type Histogram,
  metrics,
  type ObservableCounter,
  type ObservableGauge,
  type UpDownCounter,
} from '@opentelemetry/api';
import { observedSum } from './observed-sum.ts';
import { METRIC, type MetricDefinition, SCOPE } from './telemetry.ts';

export interface Instruments {
  readonly predictions: Counter;
  readonly predictionDuration: Histogram;
  readonly predictionConfidence: Histogram;
  readonly errors: Counter;
  readonly feedback: ObservableCounter;
  readonly anomalies: Counter;
  readonly featureObservations: ObservableCounter;
  readonly featureReference: ObservableGauge;
  readonly driftPsi: ObservableGauge;
  readonly driftJs: ObservableGauge;
  readonly trainingAccuracy: ObservableGauge;
  readonly trainingF1: ObservableGauge;
  readonly shadowPredictions: Counter;
  readonly shadowDuration: Histogram;
  readonly shadowConfidence: Histogram;
  readonly shadowSkipped: Counter;
  readonly shadowFeedback: ObservableCounter;
  readonly modelInfo: ObservableGauge;
  readonly retrainJobs: Counter;
  readonly retrainDuration: Histogram;
  readonly activeRequests: UpDownCounter;
}

/** Waymark's instruments, from the global meter provider: created after the SDK has started, and once. */
export function createInstruments(): Instruments {
  const meter = metrics.getMeter(SCOPE);
  const options = ({ unit, description, boundaries }: MetricDefinition) => ({
    unit,
    description,
    ...(boundaries && { advice: { explicitBucketBoundaries: [...boundaries] } }),
  });
  const counter = (metric: MetricDefinition) =>
    observedSum(meter.createObservableCounter(metric.name, options(metric)));
  const upDownCounter = (metric: MetricDefinition) =>
    observedSum(meter.createObservableUpDownCounter(metric.name, options(metric)));
  const observed = (metric: MetricDefinition) => meter.createObservableCounter(metric.name, options(metric));
  const gauge = (metric: MetricDefinition) => meter.createObservableGauge(metric.name, options(metric));
  const histogram = (metric: MetricDefinition) => meter.createHistogram(metric.name, options(metric));

  return {
    predictions: counter(METRIC.predictions),
    predictionDuration: histogram(METRIC.predictionDuration),
    predictionConfidence: histogram(METRIC.predictionConfidence),
    errors: counter(METRIC.errors),
    feedback: observed(METRIC.feedback),
    anomalies: counter(METRIC.anomalies),
    featureObservations: observed(METRIC.featureObservations),
    featureReference: gauge(METRIC.featureReference),
    driftPsi: gauge(METRIC.driftPsi),
    driftJs: gauge(METRIC.driftJs),
    trainingAccuracy: gauge(METRIC.trainingAccuracy),
    trainingF1: gauge(METRIC.trainingF1),
    shadowPredictions: counter(METRIC.shadowPredictions),
    shadowDuration: histogram(METRIC.shadowDuration),
    shadowConfidence: histogram(METRIC.shadowConfidence),
    shadowSkipped: counter(METRIC.shadowSkipped),
    shadowFeedback: observed(METRIC.shadowFeedback),
    modelInfo: gauge(METRIC.modelInfo),
    retrainJobs: counter(METRIC.retrainJobs),
    retrainDuration: histogram(METRIC.retrainDuration),
    activeRequests: upDownCounter(METRIC.activeRequests),
  };
}
