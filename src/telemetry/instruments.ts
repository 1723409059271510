import {
  type Counter,
  type Histogram,
  metrics,
  type ObservableCounter,
  type ObservableGauge,
  type ObservableUpDownCounter,
} from '@opentelemetry/api';
import { instrumentOptions, type MetricDefinition } from './metric-definition.ts';
import { ENCODER_METRIC, MODEL_METRIC } from './model-metrics.ts';
import { METRIC, SCOPE } from './names.ts';
import { REMOTE_METRIC } from './remote-names.ts';

/** The instruments that Waymark itself records with. */
export interface Instruments {
  readonly predictions: Counter;
  readonly syntheticPredictions: Counter;
  readonly predictionDuration: Histogram;
  readonly predictionConfidence: Histogram;
  readonly errors: Counter;
  readonly feedback: ObservableCounter;
  readonly feedbackConfidence: ObservableCounter;
  readonly anomalies: Counter;
  readonly abstentions: Counter;
  readonly escalations: Counter;
  readonly remoteRequests: Counter;
  readonly remoteDuration: Histogram;
  readonly remoteTokens: Histogram;
  readonly remoteCost: Counter;
  readonly featureObservations: ObservableCounter;
  readonly featureReference: ObservableGauge;
  readonly driftPsi: ObservableGauge;
  readonly driftJs: ObservableGauge;
  readonly trainingDocuments: ObservableGauge;
  readonly referenceDocuments: ObservableGauge;
  readonly trainingTestDocuments: ObservableGauge;
  readonly trainingAccuracy: ObservableGauge;
  readonly trainingF1: ObservableGauge;
  readonly shadowPredictions: Counter;
  readonly shadowDuration: Histogram;
  readonly shadowConfidence: Histogram;
  readonly shadowSkipped: Counter;
  readonly shadowFeedback: ObservableCounter;
  readonly modelInfo: ObservableGauge;
  readonly modelRefused: ObservableGauge;
  readonly degraded: ObservableGauge;
  readonly retrainJobs: Counter;
  readonly retrainDuration: Histogram;
  readonly maintenanceDecisions: Counter;
  readonly activeRequests: ObservableUpDownCounter;
}

/** Creates the instruments with the global meter provider. Called once, after the SDK has started. */
export function createInstruments(): Instruments {
  const meter = metrics.getMeter(SCOPE);
  const counter = (metric: MetricDefinition) => meter.createCounter(metric.name, instrumentOptions(metric));
  const observableCounter = (metric: MetricDefinition) =>
    meter.createObservableCounter(metric.name, instrumentOptions(metric));
  const gauge = (metric: MetricDefinition) => meter.createObservableGauge(metric.name, instrumentOptions(metric));
  const histogram = (metric: MetricDefinition) => meter.createHistogram(metric.name, instrumentOptions(metric));

  return {
    predictions: counter(METRIC.predictions),
    syntheticPredictions: counter(METRIC.syntheticPredictions),
    predictionDuration: histogram(METRIC.predictionDuration),
    predictionConfidence: histogram(METRIC.predictionConfidence),
    errors: counter(METRIC.errors),
    feedback: observableCounter(MODEL_METRIC.feedback),
    feedbackConfidence: observableCounter(MODEL_METRIC.feedbackConfidence),
    anomalies: counter(METRIC.anomalies),
    abstentions: counter(METRIC.abstentions),
    escalations: counter(ENCODER_METRIC.escalations),
    remoteRequests: counter(REMOTE_METRIC.requests),
    remoteDuration: histogram(REMOTE_METRIC.duration),
    remoteTokens: histogram(REMOTE_METRIC.tokens),
    remoteCost: counter(REMOTE_METRIC.cost),
    featureObservations: observableCounter(MODEL_METRIC.featureObservations),
    featureReference: gauge(MODEL_METRIC.featureReference),
    driftPsi: gauge(MODEL_METRIC.driftPsi),
    driftJs: gauge(MODEL_METRIC.driftJs),
    trainingDocuments: gauge(MODEL_METRIC.trainingDocuments),
    referenceDocuments: gauge(MODEL_METRIC.referenceDocuments),
    trainingTestDocuments: gauge(MODEL_METRIC.trainingTestDocuments),
    trainingAccuracy: gauge(MODEL_METRIC.trainingAccuracy),
    trainingF1: gauge(MODEL_METRIC.trainingF1),
    shadowPredictions: counter(MODEL_METRIC.shadowPredictions),
    shadowDuration: histogram(MODEL_METRIC.shadowDuration),
    shadowConfidence: histogram(MODEL_METRIC.shadowConfidence),
    shadowSkipped: counter(MODEL_METRIC.shadowSkipped),
    shadowFeedback: observableCounter(MODEL_METRIC.shadowFeedback),
    modelInfo: gauge(MODEL_METRIC.modelInfo),
    modelRefused: gauge(MODEL_METRIC.modelRefused),
    degraded: gauge(METRIC.degraded),
    retrainJobs: counter(MODEL_METRIC.retrainJobs),
    retrainDuration: histogram(MODEL_METRIC.retrainDuration),
    maintenanceDecisions: counter(MODEL_METRIC.maintenanceDecisions),
    activeRequests: meter.createObservableUpDownCounter(
      METRIC.activeRequests.name,
      instrumentOptions(METRIC.activeRequests),
    ),
  };
}
