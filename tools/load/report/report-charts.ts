import { type EventMark, type LineChart, type LineSeries, lineChart } from '../../charts/line-chart.ts';
import type { LoadResult } from '../scenarios/result.ts';
import type { TimelineRow } from '../scenarios/run.ts';

const MEBIBYTE = 1_048_576;
const timeAxis = { kind: 'value', name: 'seconds since the start' } as const;

/** Returns the charts of a report, as SVG. */
export function chartsOf(result: LoadResult): string[] {
  const events = phaseMarks(result);
  const end = result.seconds;
  const overTime = (chart: Omit<LineChart, 'x' | 'events'>) =>
    lineChart({ ...chart, x: { ...timeAxis, min: 0, max: Math.ceil(end * 10) / 10 }, events });
  return [
    ...kneeChart(result),
    overTime({
      title: 'Latency',
      series: (['p50', 'p95', 'p99', 'max'] as const).map((name) => ({
        name,
        points: result.timeline.map((row) => [row.seconds, row.latency?.[name] ?? null]),
        ...(name === 'max' && { dashed: true }),
      })),
      y: { name: 'milliseconds, logarithmic', logarithmic: true },
      limits: latencyLimits(result),
    }),
    overTime({ title: 'Throughput', series: throughput(result.timeline), y: { name: 'requests per second', min: 0 } }),
    ...[errorChart(result), ...resourceCharts(result)].map(overTime),
  ];
}

function kneeChart({ knee, settings }: LoadResult): string[] {
  if (knee === null || knee === undefined) return [];
  // A rate with several attempts shows its best one, as in the search.
  const best = new Map<number, number>();
  for (const { rate, p99 } of knee.steps) if (p99 !== null) best.set(rate, Math.min(p99, best.get(rate) ?? Infinity));
  const points = [...best].toSorted(([a], [b]) => a - b);
  return [
    lineChart({
      title: 'Latency at each rate',
      series: [{ name: 'p99', points }],
      x: { kind: 'value', name: 'requests per second' },
      y: { name: 'milliseconds, logarithmic', logarithmic: true },
      events: knee.rate === null ? [] : [{ at: knee.rate, label: 'the knee' }],
      limits: [{ at: settings.objectiveMs, label: `objective: p99 of ${settings.objectiveMs} ms` }],
    }),
  ];
}

function latencyLimits({ knee, thresholds, settings }: LoadResult): { at: number; label: string }[] {
  const at = knee === null ? thresholds.maxP99Ms : settings.objectiveMs;
  return at === undefined ? [] : [{ at, label: `p99 at most ${at} ms` }];
}

/** Returns a mark at the start of each phase. A search has so many steps that their marks would hide the lines. */
function phaseMarks({ phases, knee }: LoadResult): EventMark[] {
  return (knee === null ? phases.slice(1) : []).map(({ name, from }) => ({ at: from, label: name }));
}

function throughput(timeline: readonly TimelineRow[]): LineSeries[] {
  const answered: LineSeries = {
    name: 'answered successfully',
    points: timeline.map((row) => [row.seconds, row.answered / row.windowSeconds]),
  };
  if (timeline.every(({ targetRate }) => targetRate === null)) return [answered];
  const starts = timeline.map((row): [number, number | null] => [row.seconds - row.windowSeconds, row.targetRate]);
  const last = timeline.at(-1)!;
  const points = [...starts, [last.seconds, last.targetRate] as const];
  return [answered, { name: 'requested', points, dashed: true, stepped: true }];
}

/** Returns a chart with one line per reason, or a line at zero if no request failed. */
function errorChart({ timeline }: LoadResult): Omit<LineChart, 'x' | 'events'> {
  const reasons = new Set(timeline.flatMap(({ errors }) => Object.keys(errors)));
  const series = [...(reasons.size === 0 ? ['errors'] : reasons)].map((name) => ({
    name,
    points: timeline.map((row): [number, number] => [row.seconds, (row.errors[name] ?? 0) / row.windowSeconds]),
  }));
  return { title: 'Errors', series, y: { name: 'failed requests per second', min: 0 } };
}

function resourceCharts({ resources }: LoadResult): Omit<LineChart, 'x' | 'events'>[] {
  const points = (pick: (row: LoadResult['resources'][number]) => number | undefined) =>
    resources.flatMap((row): [number, number][] => {
      const value = pick(row);
      return value === undefined ? [] : [[row.seconds, value]];
    });
  const memory: LineSeries[] = [
    { name: 'memory', points: points(({ memoryBytes }) => memoryBytes && memoryBytes / MEBIBYTE) },
    { name: 'heap, old generation', points: points(({ heapBytes }) => heapBytes && heapBytes / MEBIBYTE) },
  ].filter(({ points }) => points.length > 0);
  const cores = points((row) => row.cores);
  return [
    ...(memory.length > 0 ? [{ title: 'Memory of the service', series: memory, y: { name: 'MiB', min: 0 } }] : []),
    ...(cores.length > 0
      ? [{ title: 'CPU of the service', series: [{ name: 'busy cores', points: cores }], y: { name: 'cores', min: 0 } }]
      : []),
  ];
}
