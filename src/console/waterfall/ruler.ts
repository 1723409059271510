import { useSignal } from '@preact/signals';
import { type ComponentChildren, h } from 'preact';
import { useRef } from 'preact/hooks';
import { formatSeconds } from '../view/format.ts';
import type { Zoom } from './waterfall.ts';

const TICKS = [0, 0.25, 0.5, 0.75];
/** A shorter drag is a click. */
const MIN_DRAG = 0.01;

interface RulerProps {
  /** Microseconds. */
  readonly duration: number;
  readonly zoom: Zoom;
  readonly onZoom?: ((zoom: Zoom | undefined) => void) | undefined;
}

/** The times above a waterfall. A drag over them zooms; a double click shows the whole trace. */
export function Ruler({ duration, zoom, onZoom }: RulerProps): ComponentChildren {
  const [from, to] = zoom;
  const bar = useRef<HTMLDivElement>(null);
  const drag = useSignal<readonly [number, number] | undefined>(undefined);
  const shareAt = (event: PointerEvent) => {
    const { left, width } = bar.current!.getBoundingClientRect();
    return Math.max(0, Math.min(1, (event.clientX - left) / width));
  };
  return h(
    'div',
    { class: 'row ruler', 'aria-hidden': 'true' },
    h('span', { class: 'name' }, from > 0 || to < 1 ? 'zoomed' : ''),
    h(
      'div',
      {
        class: 'track',
        ref: bar,
        onPointerDown: (event: PointerEvent) => {
          if (!onZoom) return;
          bar.current?.setPointerCapture(event.pointerId);
          drag.value = [shareAt(event), shareAt(event)];
        },
        onPointerMove: (event: PointerEvent) => {
          if (drag.value) drag.value = [drag.value[0], shareAt(event)];
        },
        onPointerUp: () => {
          const [a, b] = (drag.value ?? [0, 0]).toSorted((one, other) => one - other) as [number, number];
          drag.value = undefined;
          if (b - a > MIN_DRAG) onZoom?.([from + a * (to - from), from + b * (to - from)]);
        },
        onDblClick: () => onZoom?.(undefined),
      },
      TICKS.map((share) =>
        h(
          'span',
          { key: share, class: 'tick', style: { '--a': String(share) } },
          formatSeconds(((from + share * (to - from)) * duration) / 1e6),
        ),
      ),
      drag.value === undefined
        ? null
        : h('i', {
            class: 'drag',
            style: { '--a': String(Math.min(...drag.value)), '--w': String(Math.abs(drag.value[1] - drag.value[0])) },
          }),
    ),
    h('span', { class: 'num' }, formatSeconds((to * duration) / 1e6)),
  );
}
