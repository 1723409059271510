import { useSignal } from '@preact/signals';
import { type ComponentChildren, h } from 'preact';
import {
  describeFilter,
  FILTER_FIELDS,
  type Filter,
  filtersOf,
  negated,
  parametersOf,
  parseFilter,
} from '../state/filters.ts';
import { place, setQuery } from '../state/location.ts';

/** Replaces the filters of the present page. */
export function setFilters(filters: readonly Filter[]): void {
  const cleared = Object.fromEntries(Object.keys(FILTER_FIELDS).map((field) => [field, undefined]));
  setQuery({ ...cleared, ...parametersOf(filters) });
}

/** Adds a filter to those of the present page. */
function addFilter(filter: Filter): void {
  const present = filtersOf(place.value.query);
  if (!present.some(({ field, value }) => field === filter.field && value === filter.value))
    setFilters([...present, filter]);
}

/** The filters of a page: one can be typed, changed to its opposite, and removed. */
export function FilterBar({ children }: { readonly children?: ComponentChildren }): ComponentChildren {
  const filters = filtersOf(place.value.query);
  const fault = useSignal('');
  return h(
    'div',
    { class: 'filters' },
    h(
      'form',
      {
        class: 'toolbar',
        onSubmit: (event: Event) => {
          event.preventDefault();
          const form = event.currentTarget as HTMLFormElement;
          const parsed = parseFilter(String(new FormData(form).get('filter')));
          fault.value = 'fault' in parsed ? parsed.fault : '';
          if ('fault' in parsed) return;
          form.reset();
          addFilter(parsed);
        },
      },
      h(
        'label',
        { class: 'field grow' },
        h('span', null, 'Filter'),
        h('input', {
          name: 'filter',
          list: 'filter-examples',
          autocomplete: 'off',
          spellcheck: false,
          placeholder: 'version = 2, prediction != spam, ms > 10, a trace id …',
          'aria-describedby': fault.value === '' ? undefined : 'filter-fault',
        }),
      ),
      h(
        'datalist',
        { id: 'filter-examples' },
        Object.entries(FILTER_FIELDS).map(([field, { kind }]) =>
          h('option', { key: field, value: `${field} ${kind === 'range' ? '> ' : '= '}` }),
        ),
      ),
      h('button', { type: 'submit' }, 'Add'),
      children,
    ),
    fault.value === '' ? null : h('p', { id: 'filter-fault', class: 'fault', role: 'alert' }, fault.value),
    filters.length === 0
      ? null
      : h(
          'ul',
          { class: 'chips', 'aria-label': 'Filters' },
          filters.map((filter) => h(Chip, { key: `${filter.field} ${filter.value}`, filter, filters })),
          h('li', null, h('button', { type: 'button', class: 'quiet', onClick: () => setFilters([]) }, 'Remove all')),
        ),
  );
}

function Chip({
  filter,
  filters,
}: {
  readonly filter: Filter;
  readonly filters: readonly Filter[];
}): ComponentChildren {
  const words = describeFilter(filter);
  const others = filters.filter((other) => other !== filter);
  return h(
    'li',
    { class: 'chip' },
    h('span', { title: filter.value }, words),
    filter.field === 'since' || filter.field === 'until'
      ? null
      : h(
          'button',
          {
            type: 'button',
            'aria-label': `Turn round: ${describeFilter(negated(filter))}`,
            title: 'is ↔ is not',
            onClick: () => setFilters(filters.map((other) => (other === filter ? negated(filter) : other))),
          },
          '⇄',
        ),
    h(
      'button',
      { type: 'button', 'aria-label': `Remove: ${words}`, title: 'Remove', onClick: () => setFilters(others) },
      '×',
    ),
  );
}

interface FilterValueProps {
  readonly field: string;
  readonly value: string;
  readonly children?: ComponentChildren;
}

/** A value in a table. A click shows only predictions with it; a click with Shift leaves them out. */
export function FilterValue({ field, value, children }: FilterValueProps): ComponentChildren {
  const filter = { field, value };
  return h(
    'button',
    {
      type: 'button',
      class: 'value',
      title: `Only ${describeFilter(filter)}. With Shift: ${describeFilter(negated(filter))}.`,
      onClick: (event: MouseEvent) => {
        event.stopPropagation();
        addFilter(event.shiftKey ? negated(filter) : filter);
      },
    },
    children ?? value,
  );
}
