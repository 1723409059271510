import { CONFIDENCES, type MetricDefinition, PREDICTION_SECONDS, TRAINING_SECONDS } from './metric-definition.ts';
import { LABEL } from './names.ts';

/** The metrics of models: their quality, their inputs, and changes to them. */
export const MODEL_METRIC = {
  feedback: {
    name: 'classifier.feedback',
    type: 'counter',
    unit: '{prediction}',
    description: 'Predictions with feedback, by the true and the predicted label: a confusion matrix',
    labels: [LABEL.model, LABEL.version, LABEL.source, LABEL.actual, LABEL.predicted],
    shared: true,
  },
  feedbackConfidence: {
    name: 'classifier.feedback.confidence',
    type: 'counter',
    unit: '{prediction}',
    description:
      'Predictions with feedback, by the tenth of their confidence and whether they were correct: a calibration curve',
    labels: [LABEL.model, LABEL.version, LABEL.source, LABEL.bin, LABEL.correct],
    shared: true,
  },
  featureObservations: {
    name: 'classifier.feature.observations',
    type: 'counter',
    unit: '{prediction}',
    description: 'Predictions, by the bin of each watched feature',
    labels: [LABEL.model, LABEL.version, LABEL.feature, LABEL.bin],
  },
  featureReference: {
    name: 'classifier.feature.reference',
    type: 'gauge',
    unit: '1',
    description: 'Share of the training texts in each bin of each watched feature',
    labels: [LABEL.model, LABEL.version, LABEL.feature, LABEL.bin],
  },
  driftPsi: {
    name: 'classifier.drift.psi',
    type: 'gauge',
    unit: '',
    description: "Population stability index of this instance's last hour against the training texts",
    labels: [LABEL.model, LABEL.version, LABEL.feature],
  },
  driftJs: {
    name: 'classifier.drift.js',
    type: 'gauge',
    unit: '',
    description: "Jensen-Shannon distance of this instance's last hour from the training texts",
    labels: [LABEL.model, LABEL.version, LABEL.feature],
  },
  trainingDocuments: {
    name: 'classifier.training.documents',
    type: 'gauge',
    unit: '',
    description: 'Texts that the version was trained on',
    labels: [LABEL.model, LABEL.version],
  },
  referenceDocuments: {
    name: 'classifier.feature.reference_documents',
    type: 'gauge',
    unit: '',
    description: 'Texts of the reference for drift: the training texts, or the texts of a large test file',
    labels: [LABEL.model, LABEL.version],
  },
  trainingTestDocuments: {
    name: 'classifier.training.test_documents',
    type: 'gauge',
    unit: '',
    description: 'Test texts of the training, on which its accuracy was measured',
    labels: [LABEL.model, LABEL.version],
  },
  trainingAccuracy: {
    name: 'classifier.training.accuracy',
    type: 'gauge',
    unit: '1',
    description: 'Accuracy of the version on the test texts of its training',
    labels: [LABEL.model, LABEL.version],
  },
  trainingF1: {
    name: 'classifier.training.f1',
    type: 'gauge',
    unit: '1',
    description: 'Macro F1 of the version on the test texts of its training',
    labels: [LABEL.model, LABEL.version],
  },
  shadowPredictions: {
    name: 'classifier.shadow.predictions',
    type: 'counter',
    unit: '{prediction}',
    description:
      'Texts that a shadow scored too, by the label of the response and whether the shadow predicts the same label',
    labels: [LABEL.model, LABEL.version, LABEL.label, LABEL.agrees],
  },
  shadowDuration: {
    name: 'classifier.shadow.duration',
    type: 'histogram',
    unit: 's',
    description: 'Time in which a shadow tokenised and scored one text',
    labels: [LABEL.model, LABEL.version],
    boundaries: PREDICTION_SECONDS,
  },
  shadowConfidence: {
    name: 'classifier.shadow.confidence',
    type: 'histogram',
    unit: '1',
    description: 'Probability of the label that the shadow predicted',
    labels: [LABEL.model, LABEL.version],
    boundaries: CONFIDENCES,
  },
  shadowSkipped: {
    name: 'classifier.shadow.skipped',
    type: 'counter',
    unit: '{prediction}',
    description: 'Texts that a shadow did not score, by reason: `budget`, `queue` (too many texts waited), `failed`',
    labels: [LABEL.model, LABEL.version, LABEL.reason],
  },
  shadowFeedback: {
    name: 'classifier.shadow.feedback',
    type: 'counter',
    unit: '{prediction}',
    description:
      'Texts with feedback, by the true label and the label of the shadow: the confusion matrix of the shadow',
    labels: [LABEL.model, LABEL.version, LABEL.source, LABEL.actual, LABEL.predicted],
    shared: true,
  },
  modelInfo: {
    name: 'classifier.model.info',
    type: 'gauge',
    unit: '',
    description: 'Always 1: the loaded model versions and their roles',
    labels: [LABEL.model, LABEL.version, LABEL.algorithm, LABEL.role],
  },
  modelRefused: {
    name: 'classifier.model.refused',
    type: 'gauge',
    unit: '',
    description:
      'Always 1: the stored model versions that cannot be used, by reason: `unsigned`, `signature` (it does not fit), `damaged`',
    labels: [LABEL.model, LABEL.version, LABEL.reason],
  },
  retrainJobs: {
    name: 'classifier.retrain.jobs',
    type: 'counter',
    unit: '{job}',
    description: 'Retrainings that have ended, by outcome: `succeeded`, `failed` or `cancelled`',
    labels: [LABEL.model, LABEL.outcome],
  },
  retrainDuration: {
    name: 'classifier.retrain.duration',
    type: 'histogram',
    unit: 's',
    description: 'Duration of retrainings, by outcome',
    labels: [LABEL.model, LABEL.outcome],
    boundaries: TRAINING_SECONDS,
  },
  maintenanceDecisions: {
    name: 'classifier.maintenance.decisions',
    type: 'counter',
    unit: '{decision}',
    description: 'Decisions of the policy of a model, by whether they were applied; a repeated decision counts once',
    labels: [LABEL.model, LABEL.action, LABEL.applied],
  },
} as const satisfies Record<string, MetricDefinition>;

/** The metrics that exist only with an encoder. */
export const ENCODER_METRIC = {
  escalations: {
    name: 'classifier.escalations',
    type: 'counter',
    unit: '{prediction}',
    description: 'Texts that a cascade sent on to its encoder',
    labels: [LABEL.model, LABEL.version],
  },
} as const satisfies Record<string, MetricDefinition>;
