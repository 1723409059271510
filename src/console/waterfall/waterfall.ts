import { useSignal } from '@preact/signals';
import { type ComponentChildren, h } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { formatSeconds } from '../view/format.ts';
import { Ruler } from './ruler.ts';
import type { Span, Trace } from './trace.ts';

/** The height of a row in pixels, as in the style sheet. Only the rows in sight are drawn. */
const ROW_HEIGHT = 28;
const SPARE_ROWS = 8;

/** A part of the duration of a trace: shares from 0 to 1. */
export type Zoom = readonly [from: number, to: number];
const WHOLE: Zoom = [0, 1];

interface WaterfallProps {
  readonly trace: Trace;
  readonly zoom?: Zoom;
  readonly onZoom?: (zoom: Zoom | undefined) => void;
  readonly selected?: string | undefined;
  readonly onSelect?: (id: string) => void;
  /** The spans that a search has found; undefined without a search. */
  readonly found?: ReadonlySet<string> | undefined;
}

/**
 * The spans of a trace over time, as one list with one selected row. Up and down change the selection, left and right
 * close and open a span with children, plus and minus zoom.
 */
export function Waterfall({
  trace,
  zoom = WHOLE,
  onZoom,
  selected,
  onSelect,
  found,
}: WaterfallProps): ComponentChildren {
  const first = useSignal(0);
  const closed = useSignal<ReadonlySet<string>>(new Set());
  const scroller = useRef<HTMLDivElement>(null);
  const visible = withoutClosed(trace.spans, closed.value);
  const at = visible.findIndex(({ id }) => id === selected);

  useEffect(() => {
    const box = scroller.current;
    if (box === null || at < 0) return;
    const top = at * ROW_HEIGHT;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + ROW_HEIGHT > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW_HEIGHT - box.clientHeight;
  }, [at]);

  const onKeyDown = (event: KeyboardEvent) => {
    const move = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    const span = visible[at];
    if (move !== undefined) onSelect?.(visible[Math.max(0, Math.min(visible.length - 1, at + move))]!.id);
    else if (event.key === 'ArrowLeft' && span) closed.value = new Set([...closed.value, span.id]);
    else if (event.key === 'ArrowRight' && span) {
      closed.value = new Set([...closed.value].filter((id) => id !== span.id));
    } else if (event.key === '+') onZoom?.(zoomed(zoom, 0.5, span && middle(span, trace)));
    else if (event.key === '-') onZoom?.(zoomed(zoom, 2));
    else if (event.key === '0') onZoom?.(undefined);
    else return;
    event.preventDefault();
  };

  const rows = visible.slice(first.value, first.value + rowsInSight(scroller.current));
  return h(
    'div',
    { class: 'waterfall' },
    h(Ruler, { duration: trace.duration, zoom, onZoom }),
    h(
      'div',
      {
        class: 'waterfall-rows',
        ref: scroller,
        role: 'listbox',
        tabIndex: 0,
        'aria-label': `Spans of the trace, ${trace.spans.length}`,
        'aria-activedescendant': at >= first.value && at < first.value + rows.length ? `span-${selected}` : undefined,
        onKeyDown,
        onScroll: () => {
          const top = scroller.current?.scrollTop ?? 0;
          first.value = Math.max(0, Math.floor(top / ROW_HEIGHT) - SPARE_ROWS);
        },
      },
      h('div', { class: 'spacer', role: 'presentation', style: { height: `${first.value * ROW_HEIGHT}px` } }),
      rows.map((span, index) =>
        h(Row, {
          key: span.id,
          span,
          position: first.value + index + 1,
          count: visible.length,
          trace,
          zoom,
          isSelected: span.id === selected,
          isClosed: closed.value.has(span.id),
          state: found === undefined ? '' : found.has(span.id) ? 'found' : 'dimmed',
          onSelect,
        }),
      ),
      h('div', {
        class: 'spacer',
        role: 'presentation',
        style: { height: `${Math.max(0, visible.length - first.value - rows.length) * ROW_HEIGHT}px` },
      }),
    ),
  );
}

function rowsInSight(box: HTMLDivElement | null): number {
  return Math.ceil((box?.clientHeight || 560) / ROW_HEIGHT) + 2 * SPARE_ROWS;
}

/** Returns the spans without the descendants of closed ones. */
function withoutClosed(spans: readonly Span[], closed: ReadonlySet<string>): readonly Span[] {
  if (closed.size === 0) return spans;
  let hiddenBelow = Infinity;
  return spans.filter(({ id, depth }) => {
    if (depth > hiddenBelow) return false;
    hiddenBelow = closed.has(id) ? depth : Infinity;
    return true;
  });
}

function middle({ start, end }: Span, { duration }: Trace): number {
  return (start + end) / 2 / duration;
}

/** Returns a narrower or wider zoom around a centre, within the trace; undefined for the whole trace. */
export function zoomed([from, to]: Zoom, factor: number, centre = (from + to) / 2): Zoom | undefined {
  const width = Math.max(1e-6, (to - from) * factor);
  if (width >= 1) return undefined;
  const start = Math.min(1 - width, Math.max(0, centre - width / 2));
  return [start, start + width];
}

interface RowProps {
  readonly span: Span;
  readonly position: number;
  readonly count: number;
  readonly trace: Trace;
  readonly zoom: Zoom;
  readonly isSelected: boolean;
  readonly isClosed: boolean;
  readonly state: string;
  readonly onSelect: ((id: string) => void) | undefined;
}

function Row({
  span,
  position,
  count,
  trace,
  zoom,
  isSelected,
  isClosed,
  state,
  onSelect,
}: RowProps): ComponentChildren {
  const { id, name, depth, isError, start, end, children, critical } = span;
  const place = (from: number, to: number) => ({
    '--a': String((from / trace.duration - zoom[0]) / (zoom[1] - zoom[0])),
    '--w': String((to - from) / trace.duration / (zoom[1] - zoom[0])),
  });
  const time = formatSeconds((end - start) / 1e6);
  return h(
    'div',
    {
      id: `span-${id}`,
      class: `row ${state} ${isError ? 'failed' : ''}`,
      role: 'option',
      'aria-selected': isSelected ? 'true' : 'false',
      'aria-posinset': position,
      'aria-setsize': count,
      onClick: () => onSelect?.(id),
    },
    h(
      'span',
      {
        class: `name service-${trace.services.indexOf(span.service) % 4}`,
        style: { '--depth': String(Math.min(depth, 12)) },
      },
      children.length > 0 && isClosed ? '▸ ' : '',
      name,
      h('span', { class: 'hidden' }, `, ${span.service}${isError ? ', failed' : ''}, `),
    ),
    h(
      'span',
      { class: 'track' },
      h('i', { class: 'span', style: place(start, end) }),
      critical.map(([from, to]) => h('i', { key: from, class: 'critical', style: place(from, to) })),
    ),
    h('span', { class: 'num' }, time),
  );
}
