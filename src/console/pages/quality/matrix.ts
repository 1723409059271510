import { type ComponentChildren, h } from 'preact';
import type { Interval, Quality } from '../../state/answers.ts';
import { hrefOf } from '../../state/location.ts';
import { formatCount, formatShare } from '../../view/format.ts';
import { DataTable, formatInterval, LabelName, Panel } from '../../view/parts.ts';

/** The confusion matrix. Each cell opens its predictions, as far as the service remembers them. */
export function Matrix({ quality }: { readonly quality: Quality }): ComponentChildren {
  const { labels, counts } = quality.confusionMatrix;
  const { name, version } = quality.model;
  const rowTotals = counts.map((row) => row.reduce((sum, count) => sum + count, 0));
  return h(
    Panel,
    { title: 'Confusion matrix', note: 'true label by predicted label; a cell opens its predictions' },
    h(
      'div',
      { class: 'scroll', tabIndex: 0, role: 'region', 'aria-label': 'Table: confusion matrix' },
      h(
        'table',
        { class: 'matrix' },
        h('caption', { class: 'hidden' }, 'Counts by true label (rows) and predicted label (columns)'),
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            h('th', { scope: 'col' }, 'true ↓ predicted →'),
            labels.map((label) => h('th', { key: label, scope: 'col', class: 'num' }, h(LabelName, { label }))),
            h('th', { scope: 'col', class: 'num' }, 'all'),
          ),
        ),
        h(
          'tbody',
          null,
          labels.map((actual, row) =>
            h(
              'tr',
              { key: actual },
              h('th', { scope: 'row' }, h(LabelName, { label: actual })),
              labels.map((predicted, column) => {
                const count = counts[row]![column]!;
                const share = rowTotals[row] === 0 ? 0 : count / rowTotals[row]!;
                return h(
                  'td',
                  {
                    key: predicted,
                    class: `num cell ${row === column ? 'right' : 'wrong'}`,
                    style: { '--share': String(share) },
                  },
                  h(
                    'a',
                    {
                      href: hrefOf('live', { model: name, version, label: actual, prediction: predicted, last: 'all' }),
                    },
                    formatCount(count),
                    h('small', null, formatShare(share)),
                    h('span', { class: 'hidden' }, ` with true label ${actual}, predicted ${predicted}: show them`),
                  ),
                );
              }),
              h('td', { class: 'num' }, formatCount(rowTotals[row]!)),
            ),
          ),
        ),
      ),
    ),
  );
}

/** Precision, recall and F1 of each label, with their intervals. */
export function LabelScores({ quality }: { readonly quality: Quality }): ComponentChildren {
  return h(
    Panel,
    { title: 'By label', note: '95 % intervals' },
    h(DataTable, {
      caption: 'Scores by label',
      head: ['label', '#precision', '#recall', '#F1', '#labels'],
      rows: Object.entries(quality.labels).map(([label, score]) => [
        h(LabelName, { label }),
        h(WithInterval, { value: score.precision, interval: score.precisionInterval }),
        h(WithInterval, { value: score.recall, interval: score.recallInterval }),
        score.f1.toFixed(3),
        formatCount(score.support),
      ]),
    }),
  );
}

function WithInterval({ value, interval }: { readonly value: number; readonly interval: Interval }): ComponentChildren {
  return [value.toFixed(3), h('small', { key: 'interval', class: 'interval' }, formatInterval(interval))];
}
