import { type ComponentChildren, h } from 'preact';
import type { Drift, DriftFeature } from '../../state/answers.ts';
import { hrefOf } from '../../state/location.ts';
import { formatCount, formatShare, words } from '../../view/format.ts';
import { LabelName, Panel } from '../../view/parts.ts';

/** The filter of each feature, by the feature's name. */
const FILTERS: Readonly<Record<string, string>> = {
  label: 'prediction',
  confidence: 'confidence',
  characters: 'characters',
  unknown_ratio: 'unknownRatio',
};

/** Shows the distance between the texts of the last hour and those of the training, by feature. */
export function DriftPanel({ drift, model }: { readonly drift: Drift; readonly model: string }): ComponentChildren {
  return h(
    Panel,
    {
      title: 'Drift',
      note: `${formatCount(drift.predictions)} predictions of the last hour against the training texts; a bin opens its predictions`,
    },
    h('p', { class: `verdict ${drift.verdict}` }, h('strong', null, VERDICTS[drift.verdict] ?? drift.verdict)),
    h(
      'div',
      { class: 'small-multiples' },
      Object.entries(drift.features).map(([name, feature]) => h(Feature, { key: name, name, feature, model })),
    ),
  );
}

const VERDICTS: Readonly<Record<string, string>> = {
  stable: 'The texts are like those of the training.',
  drift: 'The texts have changed.',
  unsure: 'There are too few predictions to tell.',
};

interface FeatureProps {
  readonly name: string;
  readonly feature: DriftFeature;
  readonly model: string;
}

function Feature({ name, feature, model }: FeatureProps): ComponentChildren {
  const { bins, samples, samplesNeeded, psi, psiInterval, js, verdict } = feature;
  const total = Math.max(
    1,
    bins.reduce((sum, { count }) => sum + count, 0),
  );
  const largest = Math.max(1e-9, ...bins.map(({ count, reference }) => Math.max(count / total, reference)));
  const [modelName, version] = model.split('@');
  return h(
    'div',
    { class: 'feature' },
    h('h3', null, words(name), ' ', h('span', { class: `badge ${verdict}` }, verdict)),
    h(
      'p',
      { class: 'note' },
      `PSI ${psi.toFixed(3)}${psiInterval ? ` (95 %: ${psiInterval.low.toFixed(3)} to ${psiInterval.high.toFixed(3)})` : ''}, JS ${js.toFixed(3)}, ${formatCount(samples)} samples, ${formatCount(samplesNeeded)} needed`,
    ),
    h(
      'table',
      { class: 'bins' },
      h('caption', { class: 'hidden' }, `Distribution of ${words(name)}: now and in the training`),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          h('th', { scope: 'col' }, 'bin'),
          h(
            'th',
            { scope: 'col' },
            h('span', { class: 'now-key' }, 'now'),
            ' ',
            h('span', { class: 'then-key' }, 'training'),
          ),
          h('th', { scope: 'col', class: 'num' }, 'now'),
          h('th', { scope: 'col', class: 'num' }, 'training'),
        ),
      ),
      h(
        'tbody',
        null,
        bins.map((bin) => {
          const share = bin.count / total;
          const filter = {
            [FILTERS[name] ?? name]: rangeOf(name, bin.name),
            model: modelName,
            ...(version !== undefined && { version }),
            last: '60',
          };
          return h(
            'tr',
            { key: bin.name },
            h(
              'th',
              { scope: 'row' },
              h('a', { href: hrefOf('live', filter) }, name === 'label' ? h(LabelName, { label: bin.name }) : bin.name),
            ),
            h(
              'td',
              { class: 'wide' },
              h(
                'span',
                {
                  class: 'pair',
                  'aria-hidden': 'true',
                  style: { '--w': String(share / largest), '--r': String(bin.reference / largest) },
                },
                h('i', null),
                h('b', null),
              ),
            ),
            h('td', { class: 'num' }, formatShare(share)),
            h('td', { class: 'num dim' }, formatShare(bin.reference)),
          );
        }),
      ),
    ),
  );
}

/** Returns the filter of a bin: `64-127` is `64..127`, `8192+` is `8192..`, and `0.00` is exactly 0. */
export function rangeOf(feature: string, bin: string): string {
  if (feature === 'label') return bin;
  const open = /^([\d.]+)\+$/.exec(bin);
  if (open) return `${Number(open[1])}..`;
  const [low = '', high = low] = bin.split('-');
  return `${Number(low)}..${Number(high)}`;
}
