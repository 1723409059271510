import { type ComponentChildren, h } from 'preact';
import type { CompareRequest, Comparison } from '../../../recent/prediction-row.ts';
import { request } from '../../state/api.ts';
import { type Filter, filtersOf, parametersOf } from '../../state/filters.ts';
import { hrefOf, place, setQuery } from '../../state/location.ts';
import { useLoaded } from '../../state/resource.ts';
import { FilterBar } from '../../view/filter-bar.ts';
import { formatCount, formatSeconds, formatShare } from '../../view/format.ts';
import { Empty, Loaded, Panel } from '../../view/parts.ts';
import { Changes } from './changes.ts';
import { FindingList } from './finding-list.ts';

/** The window before a selection is this many times as long. */
const BEFORE_FACTOR = 4;

/** The page that answers: what is different about these predictions? */
export function ComparePage(): ComponentChildren {
  const { query } = place.value;
  const filters = filtersOf(query);
  const against = query.get('against') === 'before' ? 'before' : 'rest';
  const body = requestOf(filters, against);
  const comparison = useLoaded<Comparison>(
    JSON.stringify(body ?? null),
    body && ((signal) => request<Comparison>('compare', { method: 'POST', body, signal })),
  );
  return h(
    'div',
    { class: 'stack' },
    h(
      FilterBar,
      null,
      h(
        'label',
        { class: 'field' },
        h('span', null, 'Compare with'),
        h(
          'select',
          {
            value: against,
            onChange: (event: Event) => setQuery({ against: (event.currentTarget as HTMLSelectElement).value }),
          },
          h('option', { value: 'rest' }, 'all other predictions'),
          h('option', { value: 'before' }, `the ${BEFORE_FACTOR} times longer time before`),
        ),
      ),
    ),
    filters.length === 0
      ? h(
          Empty,
          { title: 'Select predictions first' },
          'Type a filter above, such as ms > 10. Or draw a box in the scatter of ',
          h('a', { href: hrefOf('live') }, 'Live'),
          ', or choose a cell of the matrix or a bin on ',
          h('a', { href: hrefOf('quality') }, 'Quality'),
          '.',
        )
      : body === undefined
        ? h(
            Empty,
            { title: 'The time before what?' },
            'This comparison needs the filters since and until. A box in the scatter sets them.',
          )
        : h(Loaded<Comparison>, {
            resource: comparison.value,
            children: (value) => h(Answer, { comparison: value, filters }),
          }),
  );
}

/** Returns the body of the request; undefined if the selection has no time to look before. */
function requestOf(filters: readonly Filter[], against: 'rest' | 'before'): CompareRequest | undefined {
  const selection = parametersOf(filters);
  if (filters.length === 0) return undefined;
  if (against === 'rest') return { selection };
  const since = Date.parse(selection['since']?.[0] ?? '');
  const until = Date.parse(selection['until']?.[0] ?? '');
  if (Number.isNaN(since) || Number.isNaN(until)) return undefined;
  const start = since - BEFORE_FACTOR * (until - since);
  const model = selection['model'];
  return {
    selection,
    baseline: { since: new Date(start).toISOString(), until: new Date(since).toISOString(), ...(model && { model }) },
  };
}

function Answer({
  comparison,
  filters,
}: {
  readonly comparison: Comparison;
  readonly filters: readonly Filter[];
}): ComponentChildren {
  const { selection, baseline, findings, changes, restated, chance, seconds } = comparison;
  const found =
    findings.length === 0
      ? 'Nothing sets the selected predictions apart.'
      : `Chance alone would give a finding as strong as the first one in ${formatShare(chance)} of random selections.`;
  return h(
    'div',
    { class: 'stack' },
    h(Changes, { changes }),
    h(
      Panel,
      {
        title: 'What is different',
        note: `${formatCount(selection)} selected, ${formatCount(baseline)} to compare with; ${formatSeconds(seconds)}`,
        actions: h('a', { href: hrefOf('live', { ...parametersOf(filters), last: 'all' }) }, 'Show the selected'),
      },
      h('p', { class: 'verdict', role: 'status' }, found),
      findings.length === 0
        ? h(
            Empty,
            { title: 'No difference that is more than chance' },
            selection < 30
              ? 'Few predictions are selected. Select at least 30, by a longer time or a larger box.'
              : 'Look at one of the traces, or select other predictions.',
          )
        : h(FindingList, { findings, filters }),
      restated.length === 0
        ? null
        : h('p', { class: 'note' }, `Left out, because they only repeat the selection: ${restated.join(', ')}.`),
    ),
  );
}
