import { type ComponentChildren, h } from 'preact';
import { hrefOf } from '../state/location.ts';
import { formatClock, formatSeconds, formatShare } from '../view/format.ts';
import { type Fact, Facts } from '../view/parts.ts';
import type { Span, Trace } from './trace.ts';

/** Attributes of spans that are filters of the page Live too. */
const FILTERS: Readonly<Record<string, string>> = {
  'classifier.model.name': 'model',
  'classifier.model.version': 'version',
  'classifier.prediction.label': 'prediction',
  'http.response.status_code': 'status',
  'error.type': 'errorType',
};

/** Everything that is known about one span. */
export function SpanDetails({ span, trace }: { readonly span: Span; readonly trace: Trace }): ComponentChildren {
  const critical = span.critical.reduce((total, [from, to]) => total + to - from, 0);
  const logs = trace.logs.filter(({ spanId }) => spanId === span.id);
  return h(
    'section',
    { class: 'span-details', 'aria-label': 'Span' },
    h('h3', null, span.name),
    h(Facts, {
      facts: [
        ['service', span.service],
        ['starts after', formatSeconds(span.start / 1e6)],
        ['takes', formatSeconds((span.end - span.start) / 1e6)],
        ['own time', formatSeconds(span.own / 1e6)],
        ['critical path', `${formatSeconds(critical / 1e6)}, ${formatShare(critical / trace.duration)} of the trace`],
        ['kind', span.kind],
        ['span id', h('code', null, span.id)],
        ['parent', span.isOrphan ? 'is not in this trace' : ''],
      ],
    }),
    h('h4', null, 'Attributes'),
    h(Facts, {
      isWide: true,
      facts: span.attributes.map(
        ([name, value]): Fact => [
          name,
          FILTERS[name] === undefined
            ? value
            : h(
                'a',
                { href: hrefOf('live', { [FILTERS[name]]: value }), title: 'Show all predictions like this' },
                value,
              ),
        ],
      ),
    }),
    span.events.length === 0
      ? null
      : [
          h('h4', { key: 'title' }, 'Events'),
          h(Facts, {
            key: 'events',
            facts: span.events.map(({ name, at }): Fact => [name, `after ${formatSeconds(at / 1e6)}`]),
          }),
        ],
    span.links.length === 0
      ? null
      : h(
          'p',
          null,
          'Linked: ',
          span.links.map((id) => h('a', { key: id, href: hrefOf('trace', { id }) }, h('code', null, id.slice(0, 8)))),
        ),
    logs.length === 0
      ? null
      : [
          h('h4', { key: 'title' }, 'Log records'),
          h(Facts, {
            key: 'logs',
            facts: logs.map((log): Fact => [formatClock(log.time, true), `${log.severity} ${log.body}`]),
          }),
        ],
    h('details', null, h('summary', null, 'Resource'), h(Facts, { facts: span.resource, isWide: true })),
  );
}
