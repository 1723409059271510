import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { createDashboard, instanceVariable, MODEL_VARIABLE, VERSION_VARIABLE } from './dashboard.ts';
import { OWN } from './metric-names.ts';
import { barGauge, heatmap, stat, table, timeSeries } from './panels.ts';
import { INSTANCE, MODEL, ofActiveVersion, SERVICE, select, VERSION } from './selectors.ts';
import { trialPanels } from './trial-panels.ts';

const BARS = { unit: 'percentunit', width: 12, min: 0, max: 1 };
const SHARE = { unit: 'percentunit', width: 12, max: 1 };
const NUMBER = { unit: 'percentunit', width: 4, height: 6 };

const ofVersions = (name: string, ...matchers: string[]) => select(name, MODEL, VERSION, ...matchers);
const ofActive = (name: string, ...matchers: string[]) => ofActiveVersion(select(name, MODEL, ...matchers));

/** Returns the dashboard of the quality of models: feedback, calibration and versions on trial. */
export function qualityDashboard(): Dashboard {
  return createDashboard({
    name: 'quality',
    title: 'model quality',
    description:
      'The share of right answers: by the feedback that came in, and otherwise by the confidence of the model.',
    variables: [MODEL_VARIABLE, VERSION_VARIABLE, instanceVariable(select(OWN.modelInfo, SERVICE))],
    models: [MODEL],
    rows: [
      { title: 'Now', panels: numberPanels() },
      { title: 'By label', panels: labelPanels() },
      { title: 'Over time', panels: [...accuracyPanels(), ...inputPanels()] },
      { title: 'Calibration and coverage', panels: coveragePanels() },
      { title: 'On trial', panels: trialPanels() },
    ],
  });
}

function numberPanels() {
  const training = (metric: string) => `max by (version) (${ofVersions(metric)})`;
  return [
    stat({ ...NUMBER, id: 2, title: 'Accuracy', description: 'All feedback' }, [
      ofVersions('classifier:accuracy:ratio'),
      '{{version}}',
    ]),
    stat({ ...NUMBER, id: 3, title: 'Macro F1', description: 'All feedback; every label counts the same' }, [
      ofVersions('classifier:f1_macro:ratio'),
      '{{version}}',
    ]),
    stat(
      {
        ...NUMBER,
        id: 4,
        title: 'Accuracy in training',
        description: 'What the version reached on data it had not seen',
      },
      [training(OWN.trainingAccuracy), '{{version}}'],
    ),
    stat({ ...NUMBER, id: 5, title: 'Macro F1 in training' }, [training(OWN.trainingF1), '{{version}}']),
    stat(
      {
        ...NUMBER,
        id: 6,
        title: 'Estimated accuracy',
        description:
          'An estimate: the mean confidence of the last hour. A calibrated model is right as often as it is sure',
      },
      [ofVersions('classifier:accuracy_estimate:ratio'), '{{version}}'],
    ),
    stat({ ...NUMBER, id: 7, title: 'Feedback', description: 'True labels that came in', unit: 'short' }, [
      `sum by (version) (${ofVersions('classifier:feedback:count', 'window="all"')})`,
      '{{version}}',
    ]),
  ];
}

function labelPanels() {
  return [
    table(
      {
        id: 9,
        title: 'Confusion matrix',
        description: 'Rows: the true label. Columns: the predicted one. Of the active version',
        unit: 'short',
        width: 12,
        height: 9,
      },
      `sum by (actual, predicted) (${ofActive('classifier:feedback:count', 'window="all"')})`,
      {
        id: 'groupingToMatrix',
        options: { rowField: 'actual', columnField: 'predicted', valueField: 'Value', emptyValue: 'zero' },
      },
    ),
    barGauge({ ...BARS, id: 10, title: 'F1', description: 'Of the active version', height: 9 }, [
      ofActive('classifier:f1:ratio'),
      '{{label}}',
    ]),
    barGauge(
      {
        ...BARS,
        id: 11,
        title: 'Precision',
        description: 'Of those predicted to have the label, the share that has it',
      },
      [ofActive('classifier:precision:ratio'), '{{label}}'],
    ),
    barGauge(
      { ...BARS, id: 12, title: 'Recall', description: 'Of those that have the label, the share that was found' },
      [ofActive('classifier:recall:ratio'), '{{label}}'],
    ),
  ];
}

function accuracyPanels() {
  return [
    timeSeries(
      {
        ...SHARE,
        id: 14,
        title: 'Accuracy',
        description: "By the feedback of the last hour and day, beside the training's",
      },
      [ofVersions('classifier:accuracy_windowed:ratio'), '{{version}}, {{window}}'],
      [`max by (version) (${ofVersions(OWN.trainingAccuracy)})`, '{{version}}, in training'],
    ),
    timeSeries(
      {
        ...SHARE,
        id: 15,
        title: 'Calibration',
        description:
          'How sure the model is, beside how often it is right. Where the two part, its confidence means nothing',
      },
      [ofVersions('classifier:accuracy_estimate:ratio'), '{{version}}, sure'],
      [ofVersions('classifier:accuracy_windowed:ratio', 'window="1h"'), '{{version}}, right'],
    ),
  ];
}

function inputPanels() {
  const confidence = select(`${OWN.predictionConfidence}_bucket`, SERVICE, INSTANCE, MODEL, VERSION);
  return [
    heatmap(
      { id: 16, title: 'Confidence', description: 'How sure the model was', unit: 'short', width: 12 },
      'percentunit',
      [`sum by (le) (increase(${confidence}[$__rate_interval]))`, '{{le}}'],
    ),
    timeSeries(
      { id: 17, title: 'Feedback', description: 'True labels a minute, over an hour', unit: 'short', width: 12 },
      // The rate of the counter itself would be wrong where another replica takes over the export of a shared store.
      [`sum by (actual) (${ofVersions('classifier:feedback_by_source:count', 'window="1h"')}) / 60`, '{{actual}}'],
    ),
  ];
}

function coveragePanels() {
  return [
    barGauge(
      {
        ...BARS,
        id: 26,
        title: 'Accuracy by confidence',
        description:
          'All feedback but reports, by the tenth of the confidence. Of a calibrated model each bar ends within its tenth',
        width: 8,
        height: 9,
      },
      [ofActive('classifier:calibration_accuracy:ratio'), '{{bin}}'],
    ),
    barGauge(
      {
        id: 27,
        title: 'Feedback by confidence',
        description: 'The labels behind each bar: a few say little',
        unit: 'short',
        width: 4,
        height: 9,
        min: 0,
      },
      [ofActive('classifier:calibration_feedback:count'), '{{bin}}'],
    ),
    timeSeries(
      {
        id: 28,
        title: 'Coverage',
        description:
          "The share of the last day's predictions with a label, by version and source. Few labels may be no fair sample",
        unit: 'percentunit',
        width: 12,
        height: 9,
        min: 0,
      },
      [ofVersions('classifier:label_coverage_by_source:ratio'), '{{version}}, {{source}}'],
    ),
  ];
}
