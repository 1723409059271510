import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { OWN } from './metric-names.ts';
import { table, timeSeries } from './panels.ts';
import { INSTANCE, MODEL, SERVICE, select, sumRate, VERSION } from './selectors.ts';

const SHARE = { unit: 'percentunit' };
const RATE = { unit: 'cps', width: 6 };

const ofVersions = (name: string, ...matchers: string[]) => select(name, MODEL, VERSION, ...matchers);
const ofProcesses = (metric: string, ...matchers: string[]) =>
  select(metric, SERVICE, INSTANCE, MODEL, VERSION, ...matchers);

/** Returns the panels that compare the versions of a model: active, canary and shadow. */
export function trialPanels(): Panel[] {
  return [...rolePanels(), ...shadowPanels()];
}

function rolePanels(): Panel[] {
  return [
    table(
      {
        id: 19,
        title: 'Versions and roles',
        description: 'Which version has which role; seen by how many processes',
        unit: 'short',
        width: 6,
      },
      `count by (version, role) (${ofProcesses(OWN.modelInfo)})`,
      { id: 'organize', options: { excludeByName: { Time: true } } },
    ),
    timeSeries(
      {
        ...SHARE,
        id: 20,
        title: 'Predictions by version',
        description: 'The share that each version answers: of a canary, what it was given',
        width: 9,
      },
      [
        `${ofVersions('classifier:throughput:rate')} / on (model) group_left () sum by (model) (classifier:throughput:rate)`,
        '{{version}}',
      ],
    ),
    timeSeries(
      {
        ...SHARE,
        id: 21,
        title: 'Accuracy, in role',
        description:
          'Of the feedback of the last day for versions that answer, of all feedback for a shadow; the test is in GET /models/{name}',
        width: 9,
      },
      [ofVersions('classifier:accuracy_windowed:ratio', 'window="1d"'), '{{version}} answered'],
      [ofVersions('classifier:shadow_accuracy:ratio'), '{{version}} as a shadow'],
    ),
  ];
}

function shadowPanels(): Panel[] {
  return [
    timeSeries(
      {
        ...SHARE,
        id: 22,
        title: 'Agreement',
        description: 'The share of texts that a shadow labels as the active version does, over an hour',
        width: 6,
      },
      [ofVersions('classifier:shadow_agreement:ratio'), '{{version}}'],
    ),
    timeSeries(
      {
        ...RATE,
        id: 23,
        title: 'Disagreement by label',
        description: 'Texts a second that were answered with this label, and that a shadow labels otherwise',
      },
      [sumRate(ofProcesses(OWN.shadowPredictions, 'agrees="false"'), 'version', 'label'), '{{version}}, {{label}}'],
    ),
    timeSeries(
      {
        id: 24,
        title: 'Latency',
        description: '99th percentile of tokenising and scoring one text',
        unit: 's',
        width: 6,
      },
      [ofVersions('classifier:latency:p99'), '{{version}} answered'],
      [ofVersions('classifier:shadow_latency:p99'), '{{version}} as a shadow'],
    ),
    timeSeries(
      {
        ...RATE,
        id: 25,
        title: 'Skipped by the shadow',
        description:
          'Texts a second that it did not score: beyond its share of the processor, too many waiting, or failed',
      },
      [sumRate(ofProcesses(OWN.shadowSkipped), 'version', 'reason'), '{{version}}, {{reason}}'],
    ),
  ];
}
