import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { createDashboard, instanceVariable, MODEL_VARIABLE, VERSION_VARIABLE } from './dashboard.ts';
import { OWN } from './metric-names.ts';
import { ALERT_LIMIT } from './objectives.ts';
import { comparison, timeSeries } from './panels.ts';
import { INSTANCE, MODEL, ofActiveVersion, SERVICE, select, sumRate, VERSION } from './selectors.ts';

const ONE = { min: 0, max: 1 };
const BY_FEATURE = '{{feature}} {{version}}';

/** The features whose distributions are compared, with the titles of their panels. */
const FEATURES = [
  { id: 9, title: 'Labels', feature: 'label' },
  { id: 10, title: 'Confidence', feature: 'confidence' },
  { id: 11, title: 'Length in characters', feature: 'characters' },
  { id: 12, title: 'Share of unknown words', feature: 'unknown_ratio' },
] as const;

const recorded = (name: string) => select(name, MODEL, VERSION);
const ofProcess = (metric: string) => select(metric, SERVICE, INSTANCE, MODEL, VERSION);

/** Returns the dashboard of drift and anomalies. */
export function driftDashboard(): Dashboard {
  return createDashboard({
    name: 'drift',
    title: 'drift',
    description: 'The distance of the texts and the answers from those of the training.',
    variables: [MODEL_VARIABLE, VERSION_VARIABLE, instanceVariable(select(OWN.modelInfo, SERVICE))],
    models: [MODEL],
    rows: [
      { title: 'Distance from the training data', panels: [...distancePanels(), ...samplePanels()] },
      { title: 'What changed', panels: FEATURES.map(featurePanel) },
      { title: 'Anomalies', panels: anomalyPanels() },
    ],
  });
}

function distancePanels() {
  return [
    timeSeries(
      {
        id: 2,
        title: 'Stability index',
        description: 'Over the last hour and all replicas. 0.1 is a little, 0.2 is much',
        unit: 'short',
        width: 8,
        min: 0,
      },
      [recorded('classifier:drift_psi:value'), BY_FEATURE],
    ),
    timeSeries(
      {
        id: 3,
        title: 'Less what chance adds',
        description: 'This is what the alert looks at: above the line, with enough samples',
        unit: 'short',
        width: 8,
        limit: ALERT_LIMIT.drift,
      },
      [`${recorded('classifier:drift_psi:value')} - classifier:drift_psi_chance:value`, BY_FEATURE],
    ),
    timeSeries(
      {
        id: 4,
        title: 'Jensen-Shannon distance',
        description: '0 for equal distributions, 1 for disjoint ones',
        unit: 'short',
        width: 8,
        ...ONE,
      },
      [recorded('classifier:drift_js:value'), BY_FEATURE],
    ),
  ];
}

function samplePanels() {
  return [
    timeSeries(
      {
        id: 5,
        title: 'As each process sees it',
        description: 'Over its own last hour: what GET /drift says',
        unit: 'short',
        width: 8,
        min: 0,
      },
      [ofProcess(OWN.driftPsi), `${BY_FEATURE} {{instance}}`],
    ),
    timeSeries({ id: 6, title: 'The same, Jensen-Shannon', unit: 'short', width: 8, ...ONE }, [
      ofProcess(OWN.driftJs),
      `${BY_FEATURE} {{instance}}`,
    ]),
    timeSeries(
      {
        id: 7,
        title: 'Samples',
        description: 'Predictions of the last hour. Below 200, or 5 for each bin, there is no alarm',
        unit: 'short',
        width: 8,
        min: 0,
      },
      [recorded('classifier:feature_samples:increase1h'), BY_FEATURE],
      [`5 * ${recorded('classifier:feature_bins:count')}`, `${BY_FEATURE}, needed`],
    ),
  ];
}

function featurePanel({ id, title, feature }: (typeof FEATURES)[number]) {
  const ofFeature = (name: string) => ofActiveVersion(select(name, MODEL, `feature="${feature}"`));
  return comparison(
    {
      id,
      title,
      description: 'The last hour beside the training, of the active version',
      unit: 'percentunit',
      width: 12,
    },
    'bin',
    [`sum by (bin) (${ofFeature('classifier:feature_share:ratio')})`, 'now'],
    [`max by (bin) (${ofFeature('classifier:feature_reference:ratio')})`, 'training'],
  );
}

function anomalyPanels() {
  return [
    timeSeries(
      {
        id: 14,
        title: 'Out of the ordinary',
        description:
          "Share of the last quarter of an hour's texts beyond a threshold that one training text in a hundred passes. The line is the limit of the alert",
        unit: 'percentunit',
        width: 12,
        min: 0,
        limit: ALERT_LIMIT.anomalies,
      },
      [recorded('classifier:anomaly_share:ratio'), '{{reason}}'],
    ),
    timeSeries({ id: 15, title: 'Anomalies', description: 'By reason', unit: 'ops', width: 12 }, [
      sumRate(ofProcess(OWN.anomalies), 'reason'),
      '{{reason}}',
    ]),
  ];
}
