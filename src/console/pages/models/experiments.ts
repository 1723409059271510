import { useSignal } from '@preact/signals';
import { type ComponentChildren, h } from 'preact';
import { useEffect } from 'preact/hooks';
import { Lines, useCursor } from '../../charts/lines.ts';
import type { CanaryExperiment, ModelReport, ShadowExperiment } from '../../state/answers.ts';
import { formatCount, formatNumber, formatShare, formatTime } from '../../view/format.ts';
import { Facts, Panel } from '../../view/parts.ts';

/** The e-value that is strong evidence. */
const STRONG = 20;
const MAX_POINTS = 720;

interface Point {
  readonly time: number;
  readonly better: number;
  readonly worse: number;
}

/** The shadow and the canary against the active version. */
export function Experiments({ report }: { readonly report: ModelReport }): ComponentChildren {
  const { shadow, canary } = report.comparison ?? { shadow: null, canary: null };
  return h(
    'div',
    { class: 'split' },
    canary
      ? h(Experiment, {
          key: `canary ${canary.version}`,
          title: 'Canary',
          experiment: canary,
          more: canaryFacts(canary),
        })
      : null,
    shadow
      ? h(Experiment, {
          key: `shadow ${shadow.version}`,
          title: 'Shadow',
          experiment: shadow,
          more: shadowFacts(shadow),
        })
      : null,
    canary || shadow
      ? null
      : h(
          Panel,
          { title: 'Experiments' },
          h(
            'p',
            { class: 'note' },
            report.comparison === null
              ? 'The figures cannot be read now: the feedback store does not answer.'
              : 'No version is tried. "Shadow" lets one score beside the active version; "Canary" lets one answer a share.',
          ),
        ),
  );
}

interface ExperimentProps {
  readonly title: string;
  readonly experiment: ShadowExperiment | CanaryExperiment;
  readonly more: readonly (readonly [string, string])[];
}

function Experiment({ title, experiment, more }: ExperimentProps): ComponentChildren {
  const { version, since, predictions, errors, latencyRatio, meanConfidence, activeMeanConfidence, drift, test } =
    experiment;
  const points = useSignal<readonly Point[]>([]);
  const cursor = useCursor();
  useEffect(() => {
    const point = { time: Date.now(), better: test.better, worse: test.worse };
    points.value = [...points.peek().slice(-MAX_POINTS), point];
  }, [test]);
  const times = (value: number | null) => (value === null ? '–' : `${formatNumber(value)} times`);
  return h(
    Panel,
    { title: `${title}: version ${version}`, note: `since ${formatTime(since)}` },
    h('p', { class: 'verdict' }, h('strong', null, verdictOf(test))),
    h(
      'div',
      { class: 'small-multiples' },
      h(Facts, {
        facts: [
          ['predictions', `${formatCount(predictions)}, ${formatCount(errors)} errors`],
          ...more,
          ['evidence', `better ${formatNumber(test.better)}, worse ${formatNumber(test.worse)}; ${STRONG} is strong`],
          ['without assumptions', `better ${formatNumber(test.provenBetter)}, worse ${formatNumber(test.provenWorse)}`],
          ['labels', `${formatCount(test.coverage.labelled)} of ${formatCount(test.coverage.due)}`],
          ['latency to active', `p50 ${times(latencyRatio.p50)}, p99 ${times(latencyRatio.p99)}`],
          [
            'mean confidence',
            meanConfidence === null
              ? ''
              : `${meanConfidence.toFixed(3)}, active ${activeMeanConfidence?.toFixed(3) ?? '–'}`,
          ],
          ['drift', drift],
        ],
      }),
      points.value.length < 2
        ? null
        : h(Lines, {
            title: 'Evidence since this page was opened',
            times: points.value.map(({ time }) => time),
            cursor,
            events: [],
            format: formatNumber,
            series: [
              { name: 'better', values: points.value.map(({ better }) => better) },
              { name: 'worse', values: points.value.map(({ worse }) => worse) },
            ],
          }),
    ),
  );
}

function verdictOf({ better, worse }: ShadowExperiment['test']): string {
  if (better >= STRONG) return 'Strong evidence that it is better than the active version.';
  if (worse >= STRONG) return 'Strong evidence that it is worse than the active version.';
  return 'No strong evidence yet that it is better or worse.';
}

function shadowFacts({ agreement, feedback }: ShadowExperiment): [string, string][] {
  return [
    ['agrees with active', agreement === null ? '–' : formatShare(agreement)],
    ['accuracy', accuracies(feedback.accuracy, feedback.activeAccuracy)],
  ];
}

function canaryFacts({ share, feedback, activeFeedback }: CanaryExperiment): [string, string][] {
  return [
    ['share', formatShare(share)],
    ['accuracy', accuracies(feedback.accuracy, activeFeedback.accuracy)],
  ];
}

function accuracies(own: number | null, active: number | null): string {
  if (own === null) return 'no labels yet';
  return `${formatShare(own)}, active ${active === null ? '–' : formatShare(active)}`;
}
