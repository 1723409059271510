import { type ComponentChildren, h } from 'preact';
import type { Quality } from '../../state/answers.ts';
import { hrefOf } from '../../state/location.ts';
import { formatCount, formatNumber, formatShare } from '../../view/format.ts';
import { DataTable, formatInterval, Panel } from '../../view/parts.ts';

const SIZE = 220;
const LEFT = 52;
const RIGHT = 22;
const BOTTOM = 26;
const TOP = 8;
const WIDTH = 360;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** The accuracy against the share of predictions that are answered if those below a confidence abstain. */
export function Coverage({ quality }: { readonly quality: Quality }): ComponentChildren {
  const points = quality.accuracyByCoverage;
  const { name, version } = quality.model;
  if (points.length === 0) return null;
  // The accuracies are close together, so the axis starts below the lowest of them.
  const lowest = Math.floor(Math.min(...points.map(({ interval }) => interval.low)) * 10) / 10;
  const x = (share: number) => LEFT + share * (WIDTH - LEFT - RIGHT);
  const y = (share: number) => SIZE - BOTTOM - ((share - lowest) / (1 - lowest || 1)) * (SIZE - BOTTOM - TOP);
  return h(
    Panel,
    {
      title: 'Accuracy by coverage',
      note: 'what remains if predictions below a confidence are left to a person: minConfidence of a request or of the policy',
    },
    h(
      'div',
      { class: 'split' },
      h(
        'svg',
        { class: 'calibration', viewBox: `0 0 ${WIDTH} ${SIZE}`, 'aria-hidden': 'true' },
        TICKS.map((tick) => {
          const accuracy = lowest + tick * (1 - lowest);
          return [
            h('line', { key: `g${tick}`, class: 'grid', x1: x(0), x2: x(1), y1: y(accuracy), y2: y(accuracy) }),
            h(
              'text',
              { key: `y${tick}`, class: 'tick', x: LEFT - 6, y: y(accuracy) + 4, 'text-anchor': 'end' },
              formatShare(accuracy),
            ),
            h(
              'text',
              { key: `x${tick}`, class: 'tick', x: x(tick), y: SIZE - 10, 'text-anchor': 'middle' },
              formatShare(tick),
            ),
          ];
        }),
        points.map(({ minConfidence, coverage, interval }) =>
          h('line', {
            key: minConfidence,
            class: 'interval',
            x1: x(coverage),
            x2: x(coverage),
            y1: y(interval.low),
            y2: y(interval.high),
          }),
        ),
        h('polyline', {
          class: 'line',
          points: points.map(({ coverage, accuracy }) => `${x(coverage)},${y(accuracy)}`).join(' '),
        }),
        points.map(({ minConfidence, coverage, accuracy }) =>
          h('circle', { key: minConfidence, class: 'point', cx: x(coverage), cy: y(accuracy), r: 4 }),
        ),
      ),
      h(DataTable, {
        caption: 'accuracy by coverage',
        head: ['at least', '#answered', '#labels', '#right', '#95 %'],
        rows: points.map(({ minConfidence, coverage, count, accuracy, interval }) => [
          h(
            'a',
            { href: hrefOf('live', { model: name, version, confidence: `${minConfidence}..`, last: 'all' }) },
            // Rounded down: the predictions with exactly this confidence are answered.
            (Math.floor(minConfidence * 1e3) / 1e3).toFixed(3),
          ),
          formatShare(coverage),
          Number.isInteger(count) ? formatCount(count) : formatNumber(count),
          formatShare(accuracy),
          formatInterval(interval),
        ]),
      }),
    ),
  );
}
