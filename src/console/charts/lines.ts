import { type Signal, useSignal } from '@preact/signals';
import { type ComponentChildren, h } from 'preact';
import { useRef } from 'preact/hooks';
import { formatClock, withoutZeros } from '../view/format.ts';
import { linearTicks, timeTicks } from './scales.ts';
import { useWidth } from './size.ts';

const HEIGHT = 120;
const MARGIN = { left: 46, right: 8, top: 8, bottom: 18 };
const PIXELS_PER_TICK = 120;

/** A line of a chart. A value of null is a gap. */
export interface Series {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

interface LinesProps {
  readonly title: string;
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly events: readonly { readonly time: number; readonly title: string }[];
  /** The index of the point under the pointer. Charts with the same signal show the same moment. */
  readonly cursor: Signal<number | undefined>;
}

/** A chart of values over time, with a readout of the moment under the pointer. */
export function Lines({ title, times, series, format, events, cursor }: LinesProps): ComponentChildren {
  const wrapper = useRef<HTMLDivElement>(null);
  const width = useWidth(wrapper).value;
  const [from, to] = [times[0] ?? 0, times.at(-1) ?? 1];
  const ticks = linearTicks(Math.max(0, ...series.flatMap(({ values }) => values.map((value) => value ?? 0))));
  const max = ticks.at(-1)!;
  const x = (time: number) =>
    MARGIN.left + ((time - from) / Math.max(1, to - from)) * (width - MARGIN.left - MARGIN.right);
  const y = (value: number) => HEIGHT - MARGIN.bottom - (value / max) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const at = cursor.value ?? times.length - 1;
  return h(
    'figure',
    { class: 'lines', ref: wrapper },
    h(
      'figcaption',
      null,
      h('strong', null, title),
      series.map(({ name, values }, index) =>
        h(
          'span',
          { key: name, class: `series s${index}` },
          `${name} `,
          h('b', null, values[at] == null ? '–' : format(values[at])),
        ),
      ),
      cursor.value === undefined ? null : h('span', { class: 'note' }, formatClock(times[at] ?? 0)),
    ),
    h(
      'svg',
      {
        viewBox: `0 0 ${Math.max(1, width)} ${HEIGHT}`,
        'aria-hidden': 'true',
        onPointerMove: (event: PointerEvent) => {
          const { left } = (event.currentTarget as Element).getBoundingClientRect();
          const time =
            from + ((event.clientX - left - MARGIN.left) / (width - MARGIN.left - MARGIN.right)) * (to - from);
          const index = times.findIndex((candidate) => candidate >= time);
          cursor.value = index < 0 ? times.length - 1 : index;
        },
        onPointerLeave: () => {
          cursor.value = undefined;
        },
      },
      ticks.map((tick) => [
        h('line', {
          key: `l${tick}`,
          class: 'grid',
          x1: MARGIN.left,
          x2: width - MARGIN.right,
          y1: y(tick),
          y2: y(tick),
        }),
        h(
          'text',
          { key: `t${tick}`, class: 'tick', x: MARGIN.left - 5, y: y(tick) + 4, 'text-anchor': 'end' },
          withoutZeros(format(tick)),
        ),
      ]),
      timeTicks(from, to, Math.max(1, Math.floor(width / PIXELS_PER_TICK))).map((tick) =>
        h(
          'text',
          { key: tick, class: 'tick', x: Math.min(x(tick), width - 26), y: HEIGHT - 4, 'text-anchor': 'middle' },
          clockOf(tick, to - from),
        ),
      ),
      events.map(({ time, title: event }) =>
        h(
          'line',
          { key: time, class: 'event', x1: x(time), x2: x(time), y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom },
          h('title', null, event),
        ),
      ),
      series.map(({ name, values }, index) =>
        h('path', { key: name, class: `line s${index}`, d: pathOf(values, (point) => x(times[point]!), y) }),
      ),
      cursor.value === undefined || times[at] === undefined
        ? null
        : h('line', {
            class: 'cursor',
            x1: x(times[at]),
            x2: x(times[at]),
            y1: MARGIN.top,
            y2: HEIGHT - MARGIN.bottom,
          }),
    ),
  );
}

/** Returns the time of a tick. Seconds are needed only if the whole axis is short. */
function clockOf(time: number, range: number): string {
  return range < 300_000 ? formatClock(time) : formatClock(time).slice(0, 5);
}

function pathOf(values: readonly (number | null)[], x: (at: number) => number, y: (value: number) => number): string {
  let path = '';
  let isDown = false;
  values.forEach((value, at) => {
    if (value === null) {
      isDown = false;
      return;
    }
    path += `${isDown ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    isDown = true;
  });
  return path;
}

/** A small line without axes, beside a number. */
export function Spark({ values }: { readonly values: readonly (number | null)[] }): ComponentChildren {
  const max = Math.max(1e-12, ...values.map((value) => value ?? 0));
  const step = 120 / Math.max(1, values.length - 1);
  return h(
    'svg',
    { class: 'spark', viewBox: '0 0 120 28', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    h('path', {
      class: 'line',
      d: pathOf(
        values,
        (at) => at * step,
        (value) => 26 - (value / max) * 23,
      ),
    }),
  );
}

/** Creates the signal that charts share. */
export function useCursor(): Signal<number | undefined> {
  return useSignal<number | undefined>(undefined);
}
