import { useSignal } from '@preact/signals';
import { type ComponentChildren, h } from 'preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { PredictionRow } from '../../recent/prediction-row.ts';
import { formatClock, formatSeconds } from '../view/format.ts';
import { DOT_TITLES, type Dot } from './dots.ts';
import { type Box, drawScatter, type Frame, type Scene, valuesAt, xOf, yOf } from './draw-scatter.ts';
import { logRange } from './scales.ts';
import { useTheme, useWidth } from './size.ts';

const HEIGHT = 260;
/** A click opens the dot within this distance in pixels. */
const REACH = 14;
/** A shorter drag is a click. */
const MIN_DRAG = 5;

interface ScatterProps {
  /** Oldest first. */
  readonly dots: readonly Dot[];
  readonly times: readonly [from: number, to: number];
  readonly events: Scene['events'];
  readonly box: Box | undefined;
  readonly selected: string | undefined;
  readonly onOpen: (row: PredictionRow) => void;
  readonly onBox: (box: Box | undefined) => void;
}

/**
 * Request times over time, one dot for each prediction. A click opens a dot, a drag draws a box. By keyboard: left and right
 * go through all dots, up and down through the marked ones, Enter opens, B sets the corners of a box, Escape removes it.
 */
export function Scatter({ dots, times, events, box, selected, onOpen, onBox }: ScatterProps): ComponentChildren {
  const wrapper = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(wrapper);
  const theme = useTheme();
  const cursor = useSignal<Dot | undefined>(undefined);
  const corner = useSignal<Dot | undefined>(undefined);
  const drag = useSignal<{ readonly x: number; readonly y: number; readonly box: Box } | undefined>(undefined);
  const seconds = useMemo(
    () =>
      logRange(
        dots.map(({ row }) => row.requestSeconds),
        [1e-4, 1e-2],
      ),
    [dots],
  );
  const frame: Frame = { width: width.value, height: HEIGHT, times, seconds };
  const current = cursor.value ?? dots.find(({ row }) => row.spanId === selected);
  const drawn = drag.value?.box ?? box;

  useEffect(() => {
    if (canvas.current === null || width.value === 0) return undefined;
    const request = requestAnimationFrame(() => {
      if (canvas.current) drawScatter(canvas.current, { frame, dots, events, current, box: drawn });
    });
    return () => cancelAnimationFrame(request);
  }, [dots, times[0], times[1], width.value, theme.value, current, drawn, events]);

  const positionOf = (event: PointerEvent) => {
    const { left, top } = canvas.current!.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const onPointerMove = (event: PointerEvent) => {
    const { x, y } = positionOf(event);
    const { x: fromX, y: fromY } = drag.value ?? { x, y };
    if (drag.value) drag.value = { x: fromX, y: fromY, box: boxBetween(frame, [fromX, fromY], [x, y]) };
    else cursor.value = nearest(frame, dots, x, y);
  };
  const onPointerUp = (event: PointerEvent) => {
    const start = drag.value;
    drag.value = undefined;
    const { x, y } = positionOf(event);
    if (start && Math.hypot(x - start.x, y - start.y) >= MIN_DRAG) {
      onBox(start.box);
      return;
    }
    const dot = nearest(frame, dots, x, y);
    if (dot) onOpen(dot.row);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const dot = cursor.value;
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') {
      cursor.value = neighbour(dots, dot, event.key === 'ArrowRight' ? 1 : -1);
    } else if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      const marked = dots.filter(({ kind }) => kind !== 'ok');
      cursor.value = neighbour(marked, dot, event.key === 'ArrowDown' ? 1 : -1) ?? dot;
    } else if (event.key === 'Enter' && dot) onOpen(dot.row);
    else if (event.key.toLowerCase() === 'b' && dot) {
      if (corner.value) onBox(boxAround(corner.value, dot));
      corner.value = corner.value ? undefined : dot;
    } else if (event.key === 'Escape') {
      corner.value = undefined;
      onBox(undefined);
    } else return;
    event.preventDefault();
  };

  return h(
    'div',
    { class: 'scatter', ref: wrapper },
    h(
      'div',
      {
        class: 'scatter-canvas',
        role: 'application',
        'aria-roledescription': 'scatter chart',
        'aria-label': `Request times of ${dots.length} predictions. Left and right: next dot. Up and down: next marked dot. Enter: open. B: corner of a box. Escape: no box.`,
        tabIndex: 0,
        onKeyDown,
      },
      h('canvas', {
        ref: canvas,
        class: current && cursor.value ? 'on-dot' : '',
        'aria-hidden': 'true',
        onPointerDown: (event: PointerEvent) => {
          const { x, y } = positionOf(event);
          canvas.current?.setPointerCapture(event.pointerId);
          drag.value = { x, y, box: boxBetween(frame, [x, y], [x, y]) };
        },
        onPointerMove,
        onPointerUp,
        onPointerLeave: () => {
          if (!drag.value) cursor.value = undefined;
        },
      }),
    ),
    h(
      'p',
      { class: 'readout', role: 'status' },
      current ? describeDot(current) : 'Click a dot to see its trace; draw a box to compare.',
    ),
  );
}

function describeDot({ row, kind }: Dot): string {
  const label = row.prediction === null ? '' : `, ${row.prediction} by version ${row.version}`;
  return `${formatClock(row.time, true)}: ${formatSeconds(row.requestSeconds)}${label}, ${DOT_TITLES[kind][1]}`;
}

/** Returns the dot at a position. A marked one within reach wins over a usual one. */
function nearest(frame: Frame, dots: readonly Dot[], x: number, y: number): Dot | undefined {
  let best: Dot | undefined;
  let bestDistance = REACH;
  for (const dot of dots) {
    const across = xOf(frame, dot.time) - x;
    if (Math.abs(across) > REACH) continue;
    const distance = Math.hypot(across, yOf(frame, dot.row.requestSeconds) - y) + (dot.kind === 'ok' ? REACH / 2 : 0);
    if (distance < bestDistance) {
      best = dot;
      bestDistance = distance;
    }
  }
  return best;
}

function neighbour(dots: readonly Dot[], dot: Dot | undefined, step: 1 | -1): Dot | undefined {
  if (dot === undefined) return step === 1 ? dots[0] : dots.at(-1);
  const at = dots.indexOf(dot);
  if (at >= 0) return dots[Math.max(0, Math.min(dots.length - 1, at + step))];
  return step === 1 ? dots.find(({ time }) => time > dot.time) : dots.findLast(({ time }) => time < dot.time);
}

function boxBetween(frame: Frame, [x1, y1]: [number, number], [x2, y2]: [number, number]): Box {
  const one = valuesAt(frame, x1, y1);
  const other = valuesAt(frame, x2, y2);
  return {
    since: Math.min(one.time, other.time),
    until: Math.max(one.time, other.time),
    low: Math.min(one.seconds, other.seconds),
    high: Math.max(one.seconds, other.seconds),
  };
}

function boxAround(one: Dot, other: Dot): Box {
  return {
    since: Math.min(one.time, other.time),
    until: Math.max(one.time, other.time) + 1,
    low: Math.min(one.row.requestSeconds, other.row.requestSeconds),
    high: Math.max(one.row.requestSeconds, other.row.requestSeconds),
  };
}
