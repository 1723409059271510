import { signal, useSignal } from '@preact/signals';
import { type ComponentChildren, h } from 'preact';
import { useMemo } from 'preact/hooks';
import { hrefOf, place, setQuery } from '../../state/location.ts';
import { useLoaded } from '../../state/resource.ts';
import { settings } from '../../state/service.ts';
import { formatSeconds, formatTime, plural } from '../../view/format.ts';
import { Empty, Loaded, Panel } from '../../view/parts.ts';
import { SpanDetails } from '../../waterfall/span-details.ts';
import { findSpans, type Trace } from '../../waterfall/trace.ts';
import { loadTrace, Verdict } from '../../waterfall/trace-panel.ts';
import { Waterfall, type Zoom, zoomed } from '../../waterfall/waterfall.ts';
import { exportTrace, ImportButton } from './otlp-files.ts';
import { LogTable, StepTable } from './trace-tables.ts';

/** A trace of a file. It stays until another one is opened; its address has no id. */
const imported = signal<Trace | undefined>(undefined);

/** The page of one trace: from the memory, from Jaeger, or from a file. */
export function TracePage(): ComponentChildren {
  const { query } = place.value;
  const id = query.get('id') ?? undefined;
  const isTraceId = id !== undefined && /^[0-9a-f]{32}$/i.test(id);
  const withLogs = settings.value?.logs === true;
  const loaded = useLoaded<Trace>(
    `${id} ${withLogs}`,
    isTraceId ? (abort) => loadTrace(id.toLowerCase(), withLogs, abort) : undefined,
  );
  const resource = id === undefined && imported.value ? { value: imported.value, isLoading: false } : loaded.value;
  return h(
    'div',
    { class: 'stack' },
    h(TraceForm, { id: id ?? '', isWrong: id !== undefined && !isTraceId }),
    id === undefined && imported.value === undefined
      ? h(
          Empty,
          { title: 'Choose a trace' },
          'Enter a trace id: the header x-trace-id and the field traceId of every answer have it. Or click a dot or a row on the page ',
          h('a', { href: hrefOf('live') }, 'Live'),
          '. Or open a file of OTLP JSON.',
        )
      : h(Loaded<Trace>, { resource, children: (trace) => h(TraceView, { key: trace.id, trace }) }),
  );
}

function TraceForm({ id, isWrong }: { readonly id: string; readonly isWrong: boolean }): ComponentChildren {
  const fault = useSignal('');
  return h(
    'form',
    {
      class: 'toolbar',
      onSubmit: (event: Event) => {
        event.preventDefault();
        const value = new FormData(event.currentTarget as HTMLFormElement).get('trace');
        setQuery({ id: String(value).trim(), span: undefined, zoom: undefined, find: undefined });
      },
    },
    h(
      'label',
      { class: 'field grow' },
      h('span', null, 'Trace id'),
      h('input', {
        name: 'trace',
        defaultValue: id,
        value: id,
        spellcheck: false,
        placeholder: '32 hexadecimal digits',
        required: true,
      }),
    ),
    h('button', { type: 'submit', class: 'primary' }, 'Open'),
    h(ImportButton, {
      onTrace: (trace) => {
        imported.value = trace;
        fault.value = '';
        setQuery({ id: undefined, span: undefined, zoom: undefined, find: undefined });
      },
      onFault: (message) => {
        fault.value = message;
      },
    }),
    isWrong || fault.value !== ''
      ? h('p', { class: 'fault', role: 'alert' }, fault.value || 'A trace id has 32 hexadecimal digits.')
      : null,
  );
}

function TraceView({ trace }: { readonly trace: Trace }): ComponentChildren {
  const { query } = place.value;
  const find = query.get('find') ?? '';
  const found = useMemo(() => (find.trim() === '' ? undefined : findSpans(trace, find)), [trace, find]);
  const zoom = parseZoom(query.get('zoom'));
  const selected = query.get('span') ?? trace.spans[0]!.id;
  const span = trace.spans.find(({ id }) => id === selected) ?? trace.spans[0]!;
  const setZoom = (value: Zoom | undefined) =>
    setQuery({ zoom: value === undefined ? undefined : value.map((share) => share.toFixed(6)).join('..') }, 'replace');
  const { jaegerUiUrl } = settings.value ?? {};
  return h(
    'div',
    { class: 'split wide-left' },
    h(
      Panel,
      {
        title: 'Waterfall',
        note: `${formatTime(trace.startedAt)}, ${formatSeconds(trace.duration / 1e6)}, ${plural(trace.spans.length, 'span')}, ${plural(trace.services.length, 'service')}`,
        actions: [
          jaegerUiUrl
            ? h(
                'a',
                { key: 'jaeger', href: `${jaegerUiUrl.replace(/\/$/, '')}/trace/${trace.id}`, rel: 'noreferrer' },
                'Jaeger',
              )
            : null,
          h('button', { key: 'export', type: 'button', onClick: () => exportTrace(trace) }, 'Export'),
        ],
      },
      h(Verdict, { trace }),
      h(
        'div',
        { class: 'toolbar' },
        h(
          'label',
          { class: 'field grow' },
          h('span', null, 'Find in this trace'),
          h('input', {
            type: 'search',
            value: find,
            placeholder: 'a name, an attribute or a value',
            onInput: (event: Event) =>
              setQuery({ find: (event.currentTarget as HTMLInputElement).value || undefined }, 'replace'),
            onKeyDown: (event: KeyboardEvent) => {
              if (event.key !== 'Enter') return;
              event.preventDefault();
              selectNext(trace, found, selected);
            },
          }),
        ),
        h(
          'p',
          { class: 'note', role: 'status' },
          found === undefined ? '' : `${found.size} of ${trace.spans.length}; Enter selects the next one`,
        ),
        h('button', { type: 'button', onClick: () => setZoom(zoomed(zoom, 0.5)) }, 'Zoom in'),
        h('button', { type: 'button', onClick: () => setZoom(zoomed(zoom, 2)) }, 'Zoom out'),
        h('button', { type: 'button', onClick: () => setZoom(undefined) }, 'Whole trace'),
      ),
      h(Waterfall, {
        trace,
        zoom,
        onZoom: setZoom,
        selected,
        found,
        onSelect: (id) => setQuery({ span: id }, 'replace'),
      }),
      h(StepTable, { trace }),
    ),
    h('div', { class: 'panel' }, h(SpanDetails, { span, trace })),
    trace.logs.length === 0 ? null : h(LogTable, { logs: trace.logs }),
  );
}

function selectNext(trace: Trace, found: ReadonlySet<string> | undefined, selected: string): void {
  const at = trace.spans.findIndex(({ id }) => id === selected);
  const next = [...trace.spans.slice(at + 1), ...trace.spans.slice(0, at + 1)].find(({ id }) => found?.has(id));
  if (next) setQuery({ span: next.id }, 'replace');
}

function parseZoom(value: string | null): Zoom {
  const [from = 0, to = 1] = (value ?? '0..1').split('..').map(Number);
  return from >= 0 && to <= 1 && from < to ? [from, to] : [0, 1];
}
