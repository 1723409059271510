import { drawChart } from '../charts/drawing.ts';
import { axis } from '../charts/line-chart.ts';
import { inkColours, LINE_COLOURS } from '../charts/palette.ts';
import type { QueryResult } from './panel-results.ts';
import type { Panel } from './panels.ts';
import { legend, movedTo, type Size } from './svg-parts.ts';
import { formatValue } from './units.ts';

const FONT_SIZE = 10;
const ROOM_ABOVE_LIMIT = 1.25;
const GAP_BETWEEN_PAIRS = '30%';

/** Draws the results of range queries as lines, with the limit of the panel. */
export function drawTimeSeries(panel: Panel, results: readonly QueryResult[], size: Size, seconds: number): string {
  const { unit, min, max, custom, thresholds } = panel.fieldConfig.defaults;
  const series = results.flatMap((result) => result.series);
  const limit = custom?.thresholdsStyle?.mode === 'dashed' ? thresholds?.steps.at(-1)?.value : undefined;
  const names = series.map(({ name }) => name || 'value');
  const highest = Math.max(...series.flatMap(({ points }) => points.map(([, value]) => value)));
  // A limit above all values is drawn too.
  const room = typeof limit === 'number' && max === undefined && highest < limit ? limit * ROOM_ABOVE_LIMIT : max;
  return withLegend(names, size, (chartSize) =>
    drawInner(
      {
        ...common(unit, min, room),
        xAxis: {
          ...axis({ min: 0, max: seconds }),
          type: 'value',
          splitLine: { show: false },
          axisLabel: secondsLabel(),
        },
        series: series.map(({ points }, at) => ({
          type: 'line',
          data: points,
          showSymbol: points.length === 1,
          symbolSize: 4,
          lineStyle: { width: 1.5, ...(at >= LINE_COLOURS.length && { type: 'dashed' }) },
          ...(at === 0 && typeof limit === 'number' && { markLine: limitLine(limit) }),
        })),
      },
      chartSize,
    ),
  );
}

/** Draws the results of two instant queries as pairs of bars, by a label. */
export function drawComparison(panel: Panel, results: readonly QueryResult[], size: Size): string {
  const label = panel.options.xField ?? '';
  const categories = [...new Set(results.flatMap(({ series }) => series.map(({ labels }) => labels[label] ?? '')))];
  categories.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const { unit, min, max } = panel.fieldConfig.defaults;
  return withLegend(
    results.map((result) => result.legend),
    size,
    (chartSize) =>
      drawInner(
        {
          ...common(unit, min, max),
          xAxis: {
            ...axis({}),
            type: 'category',
            data: categories,
            axisLabel: { color: inkColours.faint, fontSize: FONT_SIZE, rotate: categories.length > 8 ? 40 : 0 },
          },
          series: results.map((result) => ({
            type: 'bar',
            barCategoryGap: GAP_BETWEEN_PAIRS,
            data: categories.map(
              (category) => result.series.find(({ labels }) => labels[label] === category)?.points[0]?.[1] ?? 0,
            ),
          })),
        },
        chartSize,
      ),
  );
}

function withLegend(names: readonly string[], { width, height }: Size, draw: (size: Size) => string): string {
  const { svg, height: legendHeight } = legend(names, width);
  const chartHeight = height - legendHeight - 4;
  return draw({ width, height: chartHeight }) + movedTo(0, chartHeight + 4, svg);
}

function common(unit: string, min: number | undefined, max: number | undefined) {
  return {
    animation: false,
    color: LINE_COLOURS,
    grid: { left: 4, right: 12, top: 8, bottom: 4 },
    yAxis: {
      ...axis({ min, max }),
      type: 'value',
      // Shares near 100 % would be one line at the top.
      scale: min === undefined && max !== undefined,
      splitNumber: 4,
      axisLabel: {
        color: inkColours.faint,
        fontSize: FONT_SIZE,
        formatter: (value: number) => formatValue(value, unit),
      },
    },
  };
}

function secondsLabel() {
  return { color: inkColours.faint, fontSize: FONT_SIZE, formatter: (value: number) => `${value} s` };
}

function limitLine(at: number) {
  return {
    silent: true,
    symbol: 'none',
    label: { show: false },
    lineStyle: { color: inkColours.limit, type: 'dashed', width: 1 },
    data: [{ yAxis: at }],
  };
}

/** Returns the content of a chart without its `<svg>`, so that it can be a part of a larger picture. */
function drawInner(option: Parameters<typeof drawChart>[0], { width, height }: Size): string {
  return drawChart(option, width, height)
    .replace(/^<svg [^>]*>/, '')
    .replace(/<\/svg>\s*$/, '');
}
