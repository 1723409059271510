import { type ComponentChildren, h } from 'preact';
import { useMemo } from 'preact/hooks';
import type { TraceLog } from '../../../recent/trace-answer.ts';
import { formatClock, formatMilliseconds, formatShare } from '../../view/format.ts';
import { DataTable, Panel, TableBehind } from '../../view/parts.ts';
import { criticalSteps, type Trace } from '../../waterfall/trace.ts';

/** The steps of the critical path, and what each name of span took in all. */
export function StepTable({ trace }: { readonly trace: Trace }): ComponentChildren {
  const rows = useMemo(() => {
    const critical = new Map(criticalSteps(trace).map((step) => [step.name, step]));
    return [...Map.groupBy(trace.spans, ({ name }) => name)]
      .map(([name, spans]) => ({
        name,
        count: spans.length,
        total: spans.reduce((sum, { start, end }) => sum + end - start, 0),
        own: spans.reduce((sum, span) => sum + span.own, 0),
        share: critical.get(name)?.share ?? 0,
      }))
      .toSorted((a, b) => b.share - a.share);
  }, [trace]);
  return h(TableBehind, {
    caption: 'time by name of span',
    head: ['span', '#count', '#total ms', '#own ms', '#of the critical path'],
    rows: rows.map(({ name, count, total, own, share }) => [
      name,
      count,
      formatMilliseconds(total / 1e6),
      formatMilliseconds(own / 1e6),
      formatShare(share),
    ]),
  });
}

/** The log records of a trace. */
export function LogTable({ logs }: { readonly logs: readonly TraceLog[] }): ComponentChildren {
  return h(
    Panel,
    { title: 'Log records', note: 'from VictoriaLogs' },
    h(DataTable, {
      caption: 'Log records of the trace',
      head: ['#time', 'severity', 'record'],
      rows: logs.map(({ time, severity, body }) => [formatClock(time, true), severity, body]),
    }),
  );
}
