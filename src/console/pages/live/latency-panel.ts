import { type ComponentChildren, h } from 'preact';
import { useMemo } from 'preact/hooks';
import type { PredictionRow, PredictionsAnswer, ProcessEvent } from '../../../recent/prediction-row.ts';
import { DOT_KINDS, DOT_TITLES, dotsOf } from '../../charts/dots.ts';
import type { Box } from '../../charts/draw-scatter.ts';
import { Scatter } from '../../charts/scatter.ts';
import { type Filter, parametersOf } from '../../state/filters.ts';
import type { LiveData } from '../../state/live-data.ts';
import { hrefOf, place, setQuery } from '../../state/location.ts';
import { setFilters } from '../../view/filter-bar.ts';
import { formatClock, formatCount, formatSeconds } from '../../view/format.ts';
import { Empty, Panel } from '../../view/parts.ts';

interface LatencyProps {
  readonly data: LiveData;
  readonly kept: PredictionsAnswer['kept'] | undefined;
  /** Request times from here on are slow. */
  readonly slowSeconds: number;
  readonly times: readonly [from: number, to: number];
  readonly events: readonly ProcessEvent[];
  readonly filters: readonly Filter[];
  readonly selected: string | undefined;
}

/** Opens a prediction beside the list. */
export function openRow({ traceId, spanId }: PredictionRow): void {
  setQuery({ trace: traceId, span: spanId });
}

/** The scatter of request times, and what can be done with the dots in a box. */
export function LatencyPanel({
  data,
  kept,
  slowSeconds,
  times,
  events,
  filters,
  selected,
}: LatencyProps): ComponentChildren {
  const dots = useMemo(() => dotsOf(data.rows, slowSeconds), [data.rows, slowSeconds]);
  const marks = useMemo(() => events.map(({ time, detail }) => ({ time: Date.parse(time), title: detail })), [events]);
  const box = readBox(place.value.query.get('box'));
  return h(
    Panel,
    {
      title: 'Request time',
      note: describeKept(data, kept),
      actions:
        filters.length === 0
          ? undefined
          : h('a', { href: hrefOf('compare', parametersOf(filters)) }, 'Compare these with the rest'),
    },
    dots.length === 0 && data.state !== 'loading'
      ? h(Empty, { title: 'No predictions' }, emptyAdvice(filters))
      : h(Scatter, {
          dots,
          times,
          events: marks,
          box,
          selected,
          onOpen: openRow,
          onBox: (next) => setQuery({ box: next && writeBox(next) }),
        }),
    h(
      'ul',
      { class: 'legend', 'aria-label': 'Kinds of dots' },
      DOT_KINDS.map((kind) => {
        const [sign, title] = DOT_TITLES[kind];
        const count = dots.reduce((total, dot) => total + (dot.kind === kind ? 1 : 0), 0);
        return h(
          'li',
          { key: kind },
          h('span', { class: `sign ${kind}`, 'aria-hidden': 'true' }, sign),
          `${title} ${formatCount(count)}`,
          kind === 'slow' && Number.isFinite(slowSeconds)
            ? h('span', { class: 'note' }, ` from ${formatSeconds(slowSeconds)}`)
            : null,
        );
      }),
    ),
    box ? h(Selection, { box, data, filters }) : null,
  );
}

function Selection({
  box,
  data,
  filters,
}: {
  readonly box: Box;
  readonly data: LiveData;
  readonly filters: readonly Filter[];
}): ComponentChildren {
  const count = data.rows.filter(({ time, requestSeconds }) => {
    const at = Date.parse(time);
    return at >= box.since && at <= box.until && requestSeconds >= box.low && requestSeconds <= box.high;
  }).length;
  const others = filters.filter(({ field }) => field !== 'since' && field !== 'until' && field !== 'requestSeconds');
  const selection: Filter[] = [
    ...others,
    { field: 'since', value: new Date(Math.floor(box.since)).toISOString() },
    { field: 'until', value: new Date(Math.ceil(box.until)).toISOString() },
    { field: 'requestSeconds', value: `${Number(box.low.toPrecision(4))}..${Number(box.high.toPrecision(4))}` },
  ];
  return h(
    'div',
    { class: 'selection toolbar', role: 'status' },
    h('strong', null, `${formatCount(count)} selected`),
    h(
      'span',
      { class: 'note' },
      `${formatSeconds(box.low)} to ${formatSeconds(box.high)}, ${formatClock(box.since)} to ${formatClock(box.until)}`,
    ),
    h(
      'a',
      { class: 'button primary', href: hrefOf('compare', parametersOf(selection)) },
      'What is different about these?',
    ),
    h('button', { type: 'button', onClick: () => setFilters(selection) }, 'Show only these'),
    h('button', { type: 'button', class: 'quiet', onClick: () => setQuery({ box: undefined }) }, 'Clear'),
  );
}

function describeKept({ rows, skipped }: LiveData, kept: LatencyProps['kept']): string {
  if (!kept) return '';
  const left = skipped > 0 ? `; ${formatCount(skipped)} more came too fast to be shown` : '';
  return `${formatCount(rows.length)} shown; the service keeps ${formatCount(kept.rows)} of ${formatCount(kept.of)} since ${formatClock(kept.since)}, and the slow, failed, unusual and wrong ones longest${left}`;
}

function emptyAdvice(filters: readonly Filter[]): string {
  if (filters.length > 0) return 'Nothing that is kept matches the filters. Remove one, or choose a longer time.';
  return 'Nothing came in this time. Choose "All kept", try a text on the page Try, or send a request to POST /predict.';
}

function writeBox({ since, until, low, high }: Box): string {
  return [Math.floor(since), Math.ceil(until), low.toPrecision(5), high.toPrecision(5)].join('_');
}

function readBox(value: string | null): Box | undefined {
  const [since, until, low, high] = (value ?? '').split('_').map(Number);
  if (since === undefined || until === undefined || low === undefined || high === undefined) return undefined;
  return [since, until, low, high].every(Number.isFinite) ? { since, until, low, high } : undefined;
}
