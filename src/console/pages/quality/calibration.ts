import { type ComponentChildren, h } from 'preact';
import type { Quality } from '../../state/answers.ts';
import { hrefOf } from '../../state/location.ts';
import { formatCount, formatNumber, formatShare } from '../../view/format.ts';
import { DataTable, formatInterval, Panel } from '../../view/parts.ts';

const SIZE = 220;
const LEFT = 44;
const RIGHT = 22;
const BOTTOM = 26;
const TOP = 8;
const WIDTH = 360;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** The accuracy by confidence. A calibrated version is on the diagonal. */
export function Calibration({ quality }: { readonly quality: Quality }): ComponentChildren {
  const bins = quality.calibration.filter(({ count }) => count > 0);
  const { name, version } = quality.model;
  const x = (share: number) => LEFT + share * (WIDTH - LEFT - RIGHT);
  const y = (share: number) => SIZE - BOTTOM - share * (SIZE - BOTTOM - TOP);
  const centre = ({ from, to }: (typeof bins)[number]) => (from + to) / 2;
  return h(
    Panel,
    { title: 'Calibration', note: 'is it right as often as it is sure? On the line it is; bars are 95 % intervals' },
    h(
      'div',
      { class: 'split' },
      h(
        'svg',
        { class: 'calibration', viewBox: `0 0 ${WIDTH} ${SIZE}`, 'aria-hidden': 'true' },
        TICKS.map((tick) => [
          h('line', { key: `g${tick}`, class: 'grid', x1: x(0), x2: x(1), y1: y(tick), y2: y(tick) }),
          h(
            'text',
            { key: `y${tick}`, class: 'tick', x: LEFT - 6, y: y(tick) + 4, 'text-anchor': 'end' },
            formatShare(tick),
          ),
          h(
            'text',
            { key: `x${tick}`, class: 'tick', x: x(tick), y: SIZE - 10, 'text-anchor': 'middle' },
            formatShare(tick),
          ),
        ]),
        h('line', { class: 'diagonal', x1: x(0), y1: y(0), x2: x(1), y2: y(1) }),
        bins.map((bin) =>
          h('line', {
            key: bin.from,
            class: 'interval',
            x1: x(centre(bin)),
            x2: x(centre(bin)),
            y1: y(bin.interval.low),
            y2: y(bin.interval.high),
          }),
        ),
        h('polyline', { class: 'line', points: bins.map((bin) => `${x(centre(bin))},${y(bin.accuracy)}`).join(' ') }),
        bins.map((bin) =>
          h('circle', { key: bin.from, class: 'point', cx: x(centre(bin)), cy: y(bin.accuracy), r: 4 }),
        ),
      ),
      h(DataTable, {
        caption: 'accuracy by confidence',
        head: ['confidence', '#labels', '#right', '#95 %'],
        rows: bins.map(({ from, to, count, accuracy, interval }) => [
          h(
            'a',
            { href: hrefOf('live', { model: name, version, confidence: `${from}..${to}`, last: 'all' }) },
            `${from.toFixed(1)} to ${to.toFixed(1)}`,
          ),
          Number.isInteger(count) ? formatCount(count) : formatNumber(count),
          formatShare(accuracy),
          formatInterval(interval),
        ]),
      }),
    ),
  );
}
