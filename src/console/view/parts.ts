import { type ComponentChildren, h } from 'preact';
import type { ApiError } from '../state/api.ts';
import type { Resource } from '../state/resource.ts';
import { labels } from '../state/service.ts';
import { formatShare } from './format.ts';

/** The number of label colours in the style sheet. */
const LABEL_COLOURS = 8;

/** Returns the class that gives a label its colour, the same on every page. */
export function labelClass(label: string): string {
  return `label-${Math.max(0, labels.value.indexOf(label)) % LABEL_COLOURS}`;
}

/** The name of a label in its colour, with a square of the same colour. */
export function LabelName({ label }: { readonly label: string }): ComponentChildren {
  return h('span', { class: `label ${labelClass(label)}` }, label);
}

interface PanelProps {
  readonly title: string;
  readonly note?: ComponentChildren;
  readonly actions?: ComponentChildren;
  readonly class?: string;
  readonly children?: ComponentChildren;
}

/** A region of a page with a heading. */
export function Panel({ title, note, actions, class: name = '', children }: PanelProps): ComponentChildren {
  return h(
    'section',
    { class: `panel ${name}`, 'aria-label': title },
    h(
      'div',
      { class: 'panel-head' },
      h('h2', null, title),
      note === undefined ? null : h('p', { class: 'note' }, note),
      actions === undefined ? null : h('div', { class: 'actions' }, actions),
    ),
    children,
  );
}

/** A bar of a share of its width, from 0 to 1. The number stands beside it, so it is hidden from screen readers. */
export function Bar({
  share,
  class: name = '',
}: {
  readonly share: number;
  readonly class?: string;
}): ComponentChildren {
  return h(
    'span',
    { class: `bar ${name}`, 'aria-hidden': 'true', style: { '--w': String(Math.min(1, share)) } },
    h('i', null),
  );
}

/** A probability as a number with a bar. */
export function Probability({
  value,
  class: name = '',
}: {
  readonly value: number;
  readonly class?: string;
}): ComponentChildren {
  return h('span', { class: 'probability' }, h(Bar, { share: value, class: name }), value.toFixed(3));
}

/** A name and its value. */
export type Fact = readonly [name: string, value: ComponentChildren];

interface FactsProps {
  readonly facts: readonly Fact[];
  readonly isWide?: boolean;
}

/** Names and values, aligned. Long names need the wide form. */
export function Facts({ facts, isWide = false }: FactsProps): ComponentChildren {
  return h(
    'dl',
    { class: isWide ? 'facts wide' : 'facts' },
    facts
      .filter(([, value]) => value !== null && value !== undefined && value !== '')
      .map(([name, value]) => h('div', { key: name }, h('dt', null, name), h('dd', null, value))),
  );
}

/** Says that there is nothing, and what to do about it. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}): ComponentChildren {
  return h('div', { class: 'empty' }, h('p', { class: 'empty-title' }, title), h('p', null, children));
}

/** A problem of the service, with the trace in which to look for its reason. */
export function Problem({
  error,
  retry,
}: {
  readonly error: ApiError;
  readonly retry?: () => void;
}): ComponentChildren {
  const advice =
    error.status === 403
      ? 'Use a token with the right scope: "Token" in the navigation.'
      : error.status === 401
        ? 'Enter a token of this service.'
        : '';
  return h(
    'div',
    { class: 'problem', role: 'alert' },
    h('p', null, h('strong', null, error.message), ' ', advice),
    retry === undefined ? null : h('button', { type: 'button', onClick: retry }, 'Try again'),
    error.traceId === undefined ? null : h('p', { class: 'note' }, 'Trace ', h('code', null, error.traceId)),
  );
}

/** Shows a resource: its value, or that it is loading, or its problem. A value stays visible while it is read again. */
export function Loaded<T>({
  resource,
  children,
}: {
  readonly resource: Resource<T>;
  readonly children: (value: T) => ComponentChildren;
}): ComponentChildren {
  const { value, error, isLoading } = resource;
  return h(
    'div',
    { class: 'loaded', 'aria-busy': isLoading ? 'true' : 'false' },
    error === undefined ? null : h(Problem, { error }),
    value === undefined
      ? error === undefined && isLoading
        ? h('p', { class: 'loading' }, 'Loading …')
        : null
      : children(value),
  );
}

/** A table. Each chart has one with the same data. */
export function DataTable({
  caption,
  head,
  rows,
}: {
  readonly caption: string;
  /** The titles of the columns. Those that start with `#` are numbers. */
  readonly head: readonly string[];
  readonly rows: readonly (readonly ComponentChildren[])[];
}): ComponentChildren {
  // The last column of text takes the space that is left.
  const classes = head.map((title, at) => (title.startsWith('#') ? 'num' : at === head.length - 1 ? 'wide' : ''));
  return h(
    'div',
    { class: 'scroll', tabIndex: 0, role: 'region', 'aria-label': `Table: ${caption}` },
    h(
      'table',
      null,
      h('caption', { class: 'hidden' }, caption),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          head.map((title, at) => h('th', { key: at, scope: 'col', class: classes[at] }, title.replace(/^#/, ''))),
        ),
      ),
      h(
        'tbody',
        null,
        rows.map((cells, row) =>
          h(
            'tr',
            { key: row },
            cells.map((cell, at) => h('td', { key: at, class: classes[at] }, cell)),
          ),
        ),
      ),
    ),
  );
}

/** A table behind a chart, closed until somebody opens it. */
export function TableBehind(props: Parameters<typeof DataTable>[0]): ComponentChildren {
  return h('details', { class: 'behind' }, h('summary', null, `Table: ${props.caption}`), h(DataTable, props));
}

/** An interval of shares in words. */
export function formatInterval({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${formatShare(low)} to ${formatShare(high)}`;
}
