import { type ComponentChildren, h } from 'preact';
import type { Drift, Quality } from '../../state/answers.ts';
import { changed, place, setQuery } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { models, settings } from '../../state/service.ts';
import { formatCount, formatShare } from '../../view/format.ts';
import { ModelChoice, modelOrDefault } from '../../view/model-choice.ts';
import { Empty, formatInterval, Loaded, Panel } from '../../view/parts.ts';
import { Calibration } from './calibration.ts';
import { Coverage } from './coverage.ts';
import { DriftPanel } from './drift-panel.ts';
import { LabelScores, Matrix } from './matrix.ts';

/** The choices of time for labels. */
const WINDOWS = [
  ['', 'All feedback'],
  ['1h', 'Last hour'],
  ['24h', 'Last day'],
  ['7d', 'Last 7 days'],
  ['4w', 'Last 4 weeks'],
] as const;

/** Words for whether the labelled predictions are like the others. */
const SAMPLES: Readonly<Record<string, string>> = { alike: 'fair', different: 'skewed', unsure: 'unsure' };

const REFRESH_MS = 10_000;

/** The page of how good a version is, and of how much its texts have changed. */
export function QualityPage(): ComponentChildren {
  const { query } = place.value;
  const model = modelOrDefault(query.get('model'));
  const window = query.get('window') ?? '';
  const isKnown = settings.value !== undefined || models.value.length > 0 || query.has('model');
  const parameters = changed(new URLSearchParams(), { model: model || undefined, window: window || undefined });
  const quality = useResource<Quality>(isKnown ? `quality?${parameters}` : undefined, REFRESH_MS).value;
  const drift = useResource<Drift>(
    isKnown ? `drift?${changed(new URLSearchParams(), { model: model || undefined })}` : undefined,
    REFRESH_MS,
  ).value;
  return h(
    'div',
    { class: 'stack' },
    h(
      'div',
      { class: 'toolbar' },
      h(ModelChoice, { value: model, withVersions: true, onChange: (value) => setQuery({ model: value }) }),
      h(
        'label',
        { class: 'field' },
        h('span', null, 'Labels of'),
        h(
          'select',
          {
            value: window,
            onChange: (event: Event) =>
              setQuery({ window: (event.currentTarget as HTMLSelectElement).value || undefined }),
          },
          WINDOWS.map(([value, title]) => h('option', { key: value, value }, title)),
        ),
      ),
    ),
    h(Loaded<Quality>, {
      resource: quality,
      children: (value) =>
        value.count === 0
          ? h(NoLabels, { quality: value })
          : h(
              'div',
              { class: 'stack' },
              h(Summary, { quality: value }),
              h('div', { class: 'split' }, h(Matrix, { quality: value }), h(LabelScores, { quality: value })),
              h(Calibration, { quality: value }),
              h(Coverage, { quality: value }),
            ),
    }),
    h(Loaded<Drift>, { resource: drift, children: (value) => h(DriftPanel, { drift: value, model }) }),
  );
}

function NoLabels({ quality }: { readonly quality: Quality }): ComponentChildren {
  const { estimate, coverage, sources } = quality;
  return h(
    Panel,
    { title: 'Quality' },
    h(
      Empty,
      { title: 'No true labels yet' },
      'Send them to POST /feedback with the id of a prediction, or say "right" or "wrong" on the page Try. ',
      sources.report > 0 ? `${formatCount(sources.report)} reports came, which do not count here. ` : '',
      estimate.accuracy === null
        ? ''
        : `By its own confidence the model would be right in ${formatShare(estimate.accuracy)} of the last ${formatCount(estimate.predictions)} predictions; `,
      `${formatCount(coverage.predictions)} predictions wait for a label.`,
    ),
  );
}

function Summary({ quality }: { readonly quality: Quality }): ComponentChildren {
  const { accuracy, accuracyInterval, macro, coverage, sources, estimate } = quality;
  const tile = (title: string, value: string, note: string) =>
    h(
      'div',
      { key: title, class: 'tile panel' },
      h('dt', null, title),
      h('dd', null, value),
      h('dd', { class: 'note' }, note),
    );
  return h(
    'dl',
    { class: 'tiles', 'aria-label': 'Summary' },
    tile('Accuracy', accuracy === null ? '–' : formatShare(accuracy), `95 %: ${formatInterval(accuracyInterval)}`),
    tile('Macro F1', macro.f1.toFixed(3), `precision ${macro.precision.toFixed(3)}, recall ${macro.recall.toFixed(3)}`),
    tile(
      'Coverage',
      coverage.ratio === null ? '–' : formatShare(coverage.ratio),
      `${formatCount(coverage.labelled)} of ${formatCount(coverage.predictions)} have a label`,
    ),
    tile(
      'Labels',
      formatCount(quality.count),
      `truth ${sources.truth}, review ${sources.review}; ${sources.report} reports beside`,
    ),
    tile(
      'Own estimate',
      estimate.accuracy === null ? '–' : formatShare(estimate.accuracy),
      `mean confidence of ${formatCount(estimate.predictions)}, last hour`,
    ),
    tile(
      'Sample',
      SAMPLES[coverage.fairness.verdict] ?? coverage.fairness.verdict,
      'confidence of the labelled against the others',
    ),
  );
}
