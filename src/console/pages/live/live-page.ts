import { type ComponentChildren, h } from 'preact';
import { useMemo } from 'preact/hooks';
import type { PredictionsAnswer, ProcessHistory } from '../../../recent/prediction-row.ts';
import { slowLimit } from '../../charts/dots.ts';
import { filtersOf, parametersOf } from '../../state/filters.ts';
import { isPaused, type LiveData, useLiveData } from '../../state/live-data.ts';
import { changed, place, setQuery } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { FilterBar } from '../../view/filter-bar.ts';
import { Problem } from '../../view/parts.ts';
import { LastHour } from './last-hour.ts';
import { LatencyPanel } from './latency-panel.ts';
import { PredictionDetails, PredictionTable } from './prediction-table.ts';
import { Tiles } from './tiles.ts';

const HISTORY_PATH = 'process/history?minutes=60';
/** Asks for no more than the size of the memory. */
const KEPT_PATH = 'predictions?limit=1';
const REFRESH_MS = 10_000;
const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;

/** The choices of time. The value is in minutes; `all` is everything that the service remembers. */
const RANGES = ['5', '15', '60', 'all'] as const;

/** The page of what happens now. */
export function LivePage(): ComponentChildren {
  const { query } = place.value;
  const filters = filtersOf(query);
  const last = RANGES.find((range) => range === query.get('last')) ?? '15';
  const data = useLiveData(changed(new URLSearchParams(), parametersOf(filters)).toString()).value;
  const history = useResource<ProcessHistory>(HISTORY_PATH, isPaused.value ? undefined : REFRESH_MS).value;
  const kept = useResource<PredictionsAnswer>(KEPT_PATH, isPaused.value ? undefined : REFRESH_MS).value.value?.kept;
  const times = timesOf(data.rows, kept, last, query.get('since'));
  const from = Math.floor(times[0] / SECOND_MS) * SECOND_MS;
  const rows = useMemo(() => data.rows.filter(({ time }) => Date.parse(time) >= from), [data.rows, from]);
  const slowSeconds = useMemo(() => slowLimit(rows), [rows]);
  const shown = { ...data, rows };
  const selected = query.get('span') ?? undefined;
  return h(
    'div',
    { class: 'stack' },
    h(
      FilterBar,
      null,
      h(
        'label',
        { class: 'field' },
        h('span', null, 'Time'),
        h(
          'select',
          {
            value: last,
            onChange: (event: Event) => setQuery({ last: (event.currentTarget as HTMLSelectElement).value }),
          },
          RANGES.map((range) =>
            h('option', { key: range, value: range }, range === 'all' ? 'All kept' : `Last ${range} min`),
          ),
        ),
      ),
      h(
        'button',
        {
          type: 'button',
          'aria-pressed': isPaused.value ? 'true' : 'false',
          onClick: () => {
            isPaused.value = !isPaused.value;
          },
        },
        isPaused.value ? 'Resume' : 'Pause',
      ),
      h('span', { class: `state ${data.state}`, role: 'status' }, STATES[data.state]),
    ),
    data.error ? h(Problem, { error: data.error }) : null,
    h(Tiles, { workers: data.workers, points: history.value?.points ?? [] }),
    h(LatencyPanel, { data: shown, kept, slowSeconds, times, events: history.value?.events ?? [], filters, selected }),
    h(
      'div',
      { class: 'split wide-left' },
      h(PredictionTable, { rows: shown.rows, slowSeconds, selected, isLoading: data.state === 'loading' }),
      h(PredictionDetails, { rows: data.rows, selected, traceId: query.get('trace') ?? undefined }),
    ),
    h(LastHour, { history }),
  );
}

const STATES: Readonly<Record<LiveData['state'], string>> = {
  loading: 'loading …',
  live: 'live',
  paused: 'paused',
  broken: 'no connection, trying again …',
};

/** Returns the time axis: the last minutes up to now, or everything that is kept. */
function timesOf(
  rows: LiveData['rows'],
  kept: PredictionsAnswer['kept'] | undefined,
  last: string,
  since: string | null,
): [number, number] {
  const now = Date.now();
  const newest = rows[0] === undefined ? now : Date.parse(rows[0].time);
  const to = isPaused.value ? newest + 1_000 : now;
  if (since !== null && !Number.isNaN(Date.parse(since))) return [Date.parse(since), to];
  if (last !== 'all') return [to - Number(last) * MINUTE_MS, to];
  const oldest = rows.at(-1)?.time ?? kept?.since;
  return [oldest === undefined ? to - MINUTE_MS : Math.min(Date.parse(oldest), to - 10_000), to];
}
