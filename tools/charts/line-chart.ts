import { LineChart as LineSeriesChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { inkColours, lineColours, themed } from './themed-svg.ts';

use([LineSeriesChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);

const rowHeight = 14;
const characterWidth = 6.5;

/** One line. A point whose `y` is `null` is a gap. */
export interface LineSeries {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number | null])[];
  readonly dashed?: boolean;
  /** Keeps a value until the next one, as a setting does, instead of a slope between them. */
  readonly stepped?: boolean;
}

/** Something that happened at a moment: a vertical line with its name. */
export interface EventMark {
  readonly at: number;
  readonly label: string;
}

export interface LineChart {
  readonly title: string;
  readonly series: readonly LineSeries[];
  /** `time`: `x` is milliseconds since 1970, shown as UTC. `value`: any number, shown as it is. */
  readonly x: { readonly kind: 'time' | 'value'; readonly name?: string; readonly min?: number; readonly max?: number };
  readonly y: {
    /** Stands below the title. */
    readonly name?: string;
    readonly min?: number;
    readonly max?: number;
    readonly logarithmic?: boolean;
    readonly format?: (value: number) => string;
  };
  readonly events?: readonly EventMark[];
  /** Horizontal lines, for limits. */
  readonly limits?: readonly { readonly at: number; readonly label: string }[];
  readonly width?: number;
  readonly height?: number;
}

/**
 * Draws a line chart as one SVG element that needs no script, no font and no network. It scales to the width it is
 * given, and follows the light or dark scheme of whoever looks at it, in a page and as a file.
 */
export function lineChart(chart: LineChart): string {
  const { width = 900, height = 300, events = [], limits = [] } = chart;
  const rows = labelRows(events, chart, width);
  const drawing = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    drawing.setOption({
      animation: false,
      useUTC: true,
      color: lineColours,
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
        top: 60 + rowHeight * (rows.length === 0 ? 0 : Math.max(...rows) + 1),
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
        // The marks belong to the chart; ECharts hangs them on a line.
        ...(at === 0 && marks(events, rows, limits)),
      })),
    });
    return themed(drawing.renderToSVGString({ useViewBox: true }), chart.title);
  } finally {
    drawing.dispose();
  }
}

function axis({ min, max }: { min?: number; max?: number }) {
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
            distance: 5 + rowHeight * rows[index]!,
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

/** The row above the chart in which each event's label fits beside those before it. */
function labelRows(events: readonly EventMark[], { x, series }: LineChart, width: number): number[] {
  const xs = series.flatMap(({ points }) => points.map(([at]) => at));
  const from = x.min ?? xs.reduce((least, at) => Math.min(least, at), Infinity);
  const to = x.max ?? xs.reduce((most, at) => Math.max(most, at), -Infinity);
  const rightEnds: number[] = [];
  return events.map(({ at, label }) => {
    const middle = ((at - from) / (to - from || 1)) * width;
    const half = (label.length * characterWidth) / 2;
    const free = rightEnds.findIndex((end) => end < middle - half);
    const row = free === -1 ? rightEnds.length : free;
    rightEnds[row] = middle + half;
    return row;
  });
}
