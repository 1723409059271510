import { drawChart } from './drawing.ts';
import { inkColours, LINE_COLOURS } from './palette.ts';
import { themed } from './themed-svg.ts';

const LABEL_ROW_HEIGHT = 14;
const CHARACTER_WIDTH = 6.5;

/** A line of a chart. A point with a `y` of `null` is a gap. */
export interface LineSeries {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number | null])[];
  readonly dashed?: boolean;
  /** Draws steps: each value holds until the next point, instead of a slope between the two. */
  readonly stepped?: boolean;
}

/** A vertical line with a label, for an event at one moment. */
export interface EventMark {
  readonly at: number;
  readonly label: string;
}

/** The data and options of a line chart. Sizes are in pixels. */
export interface LineChart {
  readonly title: string;
  readonly series: readonly LineSeries[];
  /** `time`: `x` is in milliseconds since 1970 and shown as UTC. `value`: `x` is a number and shown as it is. */
  readonly x: { readonly kind: 'time' | 'value'; readonly name?: string; readonly min?: number; readonly max?: number };
  readonly y: {
    /** The text below the title. */
    readonly name?: string;
    readonly min?: number;
    readonly max?: number;
    readonly logarithmic?: boolean;
    readonly format?: (value: number) => string;
  };
  readonly events?: readonly EventMark[];
  /** Horizontal lines with labels. */
  readonly limits?: readonly { readonly at: number; readonly label: string }[];
  readonly width?: number;
  readonly height?: number;
}

/**
 * Draws a line chart as one SVG element that needs no script, no font and no network. The chart scales to the available
 * width and follows the viewer's light or dark scheme, in a page and as a file.
 */
export function lineChart(chart: LineChart): string {
  const { width = 900, height = 300, events = [], limits = [] } = chart;
  const rows = labelRows(events, chart, width);
  const option = {
    animation: false,
    useUTC: true,
    color: LINE_COLOURS,
    title: {
      text: chart.title,
      subtext: chart.y.name ?? '',
      left: 12,
      top: 8,
      itemGap: 4,
      textStyle: { color: inkColours.text, fontSize: 14 },
      subtextStyle: { color: inkColours.faint },
    },
    legend: {
      top: 8,
      right: 16,
      itemWidth: 18,
      textStyle: { color: inkColours.text },
      data: chart.series.map(({ name }) => ({ name, icon: 'roundRect', itemStyle: { borderWidth: 0 } })),
      itemHeight: 3,
    },
    grid: {
      left: 12,
      right: 24,
      top: 60 + LABEL_ROW_HEIGHT * (rows.length === 0 ? 0 : Math.max(...rows) + 1),
      bottom: chart.x.name === undefined ? 12 : 28,
    },
    xAxis: {
      ...axis(chart.x),
      type: chart.x.kind,
      ...(chart.x.name !== undefined && { name: chart.x.name, nameLocation: 'middle' as const, nameGap: 28 }),
      splitLine: { show: false },
    },
    yAxis: {
      ...axis(chart.y),
      type: chart.y.logarithmic === true ? 'log' : 'value',
      axisLabel: {
        color: inkColours.faint,
        ...(chart.y.format !== undefined && { formatter: chart.y.format }),
      },
    },
    series: chart.series.map((line, at) => ({
      type: 'line' as const,
      name: line.name,
      data: line.points.map(([x, y]) => [x, y]),
      showSymbol: line.points.length === 1,
      symbolSize: 5,
      step: line.stepped === true ? ('end' as const) : false,
      lineStyle: { width: 1.75, ...(line.dashed === true && { type: 'dashed' as const }) },
      // The marks belong to the chart, but ECharts attaches them to a series.
      ...(at === 0 && marks(events, rows, limits)),
    })),
  };
  return themed(drawChart(option, width, height), chart.title);
}

/** Returns the look of an axis. */
export function axis({ min, max }: { min?: number | undefined; max?: number | undefined }) {
  return {
    ...(min !== undefined && { min }),
    ...(max !== undefined && { max }),
    nameTextStyle: { color: inkColours.faint },
    axisLabel: { color: inkColours.faint },
    axisLine: { lineStyle: { color: inkColours.rule } },
    axisTick: { lineStyle: { color: inkColours.rule } },
    splitLine: { lineStyle: { color: inkColours.grid } },
  };
}

function marks(events: readonly EventMark[], rows: readonly number[], limits: NonNullable<LineChart['limits']>) {
  return {
    markLine: {
      silent: true,
      symbol: 'none',
      data: [
        ...events.map(({ at, label }, index) => ({
          xAxis: at,
          label: {
            formatter: () => label,
            position: 'end' as const,
            distance: 5 + LABEL_ROW_HEIGHT * rows[index]!,
            color: inkColours.text,
            fontSize: 11,
          },
          lineStyle: { color: inkColours.faint, type: 'dashed' as const, width: 1 },
        })),
        ...limits.map(({ at, label }) => ({
          yAxis: at,
          label: { formatter: () => label, position: 'insideEndTop' as const, color: inkColours.limit, fontSize: 11 },
          lineStyle: { color: inkColours.limit, type: 'solid' as const, width: 1 },
        })),
      ],
    },
  };
}

/** Returns, for each event, the row above the chart in which its label does not overlap an earlier label. */
function labelRows(events: readonly EventMark[], { x, series }: LineChart, width: number): number[] {
  const xs = series.flatMap(({ points }) => points.map(([at]) => at));
  const from = x.min ?? xs.reduce((min, at) => Math.min(min, at), Infinity);
  const to = x.max ?? xs.reduce((max, at) => Math.max(max, at), -Infinity);
  const rightEnds: number[] = [];
  return events.map(({ at, label }) => {
    const middle = ((at - from) / (to - from || 1)) * width;
    const half = (label.length * CHARACTER_WIDTH) / 2;
    const free = rightEnds.findIndex((end) => end < middle - half);
    const row = free === -1 ? rightEnds.length : free;
    rightEnds[row] = middle + half;
    return row;
  });
}
