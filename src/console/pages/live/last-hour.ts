import { type ComponentChildren, h } from 'preact';
import type { ProcessHistory } from '../../../recent/prediction-row.ts';
import { Lines, useCursor } from '../../charts/lines.ts';
import type { Resource } from '../../state/resource.ts';
import {
  formatClock,
  formatMegabytes,
  formatMilliseconds,
  formatNumber,
  formatSeconds,
  formatShare,
} from '../../view/format.ts';
import { DataTable, Empty, Loaded, Panel, TableBehind } from '../../view/parts.ts';
import { errorShare } from './tiles.ts';

/** The process over the last hour: charts that show the same moment, what changed, and a table. */
export function LastHour({ history }: { readonly history: Resource<ProcessHistory> }): ComponentChildren {
  const cursor = useCursor();
  return h(
    Panel,
    { title: 'Last hour', note: 'of this service; dashed lines are changes' },
    h(Loaded<ProcessHistory>, {
      resource: history,
      children: ({ points, events }) => {
        if (points.length < 2)
          return h(Empty, { title: 'Not enough yet' }, 'The first points come 20 seconds after the start.');
        const times = points.map(({ time }) => Date.parse(time));
        const marks = events.map(({ time, detail }) => ({ time: Date.parse(time), title: detail }));
        const chart = { times, cursor, events: marks.filter(({ time }) => time >= times[0]!) };
        return h(
          'div',
          { class: 'stack' },
          h(
            'div',
            { class: 'small-multiples' },
            h(Lines, {
              ...chart,
              title: 'Requests/s',
              format: formatNumber,
              series: [
                { name: 'all', values: points.map((point) => point.requestsPerSecond) },
                { name: 'failed', values: points.map((point) => point.errorsPerSecond) },
              ],
            }),
            h(Lines, {
              ...chart,
              title: 'Request time',
              format: formatSeconds,
              series: [
                { name: 'p50', values: points.map((point) => point.p50Seconds) },
                { name: 'p95', values: points.map((point) => point.p95Seconds) },
                { name: 'p99', values: points.map((point) => point.p99Seconds) },
              ],
            }),
            h(Lines, {
              ...chart,
              title: 'CPU, cores',
              format: formatNumber,
              series: [{ name: 'used', values: points.map((point) => point.cpuRatio) }],
            }),
            h(Lines, {
              ...chart,
              title: 'Event-loop delay',
              format: formatSeconds,
              series: [{ name: 'longest', values: points.map((point) => point.eventLoopDelaySeconds) }],
            }),
            h(Lines, {
              ...chart,
              title: 'Memory, MB',
              format: formatNumber,
              series: [{ name: 'resident', values: points.map((point) => point.memoryBytes / 1e6) }],
            }),
          ),
          h(TableBehind, {
            caption: 'the last hour',
            head: [
              '#time',
              '#requests/s',
              '#errors',
              '#p50 ms',
              '#p95 ms',
              '#p99 ms',
              '#cores',
              '#MB',
              '#loop delay ms',
            ],
            rows: points
              .toReversed()
              .map((point) => [
                formatClock(point.time),
                formatNumber(point.requestsPerSecond),
                formatShare(errorShare(point)),
                ...[point.p50Seconds, point.p95Seconds, point.p99Seconds].map((value) =>
                  value === null ? '–' : formatMilliseconds(value),
                ),
                point.cpuRatio.toFixed(2),
                formatMegabytes(point.memoryBytes),
                formatMilliseconds(point.eventLoopDelaySeconds),
              ]),
          }),
          events.length === 0
            ? null
            : h(DataTable, {
                caption: 'Changes within the last hour',
                head: ['#time', 'change'],
                rows: events.toReversed().map(({ time, detail }) => [formatClock(time), detail]),
              }),
        );
      },
    }),
  );
}
