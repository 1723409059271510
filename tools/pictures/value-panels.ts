import { inkColours, LINE_COLOURS } from '../charts/palette.ts';
import type { QueryResult, ResultSeries } from './panel-results.ts';
import type { Panel } from './panels.ts';
import { fitText, rectangle, type Size, textAt } from './svg-parts.ts';
import { formatValue } from './units.ts';

const TABLE_ROW_HEIGHT = 20;
const BAR_ROW_HEIGHT = 22;
const MAX_BAR_HEIGHT = 14;
const BUCKET_LABEL_WIDTH = 44;
const TIME_LABEL_HEIGHT = 16;

const latestOf = ({ points }: ResultSeries) => points.at(-1)?.[1] ?? Number.NaN;
const seriesOf = (results: readonly QueryResult[]) => results.flatMap(({ series }) => series);

/** Draws the latest value of each series as a large number. */
export function drawNumbers(panel: Panel, results: readonly QueryResult[], { width, height }: Size): string {
  const { unit, decimals, thresholds } = panel.fieldConfig.defaults;
  const series = seriesOf(results);
  const columns = Math.min(series.length, Math.max(1, Math.floor(width / 130)));
  const rows = Math.ceil(series.length / columns);
  const cell = { width: width / columns, height: height / rows };
  const size = Math.min(30, Math.max(12, cell.height * 0.4));
  return series
    .map((one, at) => {
      const value = latestOf(one);
      const x = (at % columns) * cell.width + cell.width / 2;
      const y = Math.floor(at / columns) * cell.height + cell.height / 2;
      const isBelow = thresholds !== undefined && value < (thresholds.steps[1]?.value ?? -Infinity);
      const colour = isBelow ? inkColours.limit : LINE_COLOURS[2]!;
      const name = series.length > 1 || one.name !== '' ? fitText(one.name, cell.width - 4) : '';
      return (
        textAt(x, y + size * 0.2, formatValue(value, unit, decimals), { size, anchor: 'middle', colour, bold: true }) +
        textAt(x, y + size * 0.2 + 14, name, { size: 10, anchor: 'middle', colour: inkColours.faint })
      );
    })
    .join('');
}

/** Draws the latest value of each series as a bar. */
export function drawBars(panel: Panel, results: readonly QueryResult[], { width, height }: Size): string {
  const { unit, max } = panel.fieldConfig.defaults;
  const series = seriesOf(results).toSorted((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  const highest = max ?? Math.max(...series.map(latestOf), Number.MIN_VALUE);
  const rowHeight = Math.min(height / series.length, BAR_ROW_HEIGHT * 2);
  const nameWidth = width * 0.25;
  const barWidth = width * 0.55;
  return series
    .map((one, at) => {
      const value = latestOf(one);
      const middle = rowHeight * (at + 0.5);
      const barHeight = Math.min(MAX_BAR_HEIGHT, rowHeight - 4);
      const bar = { width: Math.max(0, Math.min(1, value / highest)) * barWidth, height: barHeight };
      return (
        textAt(nameWidth - 8, middle + 4, fitText(one.name, nameWidth - 8), { size: 11, anchor: 'end' }) +
        rectangle(nameWidth, middle - barHeight / 2, { width: barWidth, height: barHeight }, inkColours.grid) +
        rectangle(nameWidth, middle - barHeight / 2, bar, LINE_COLOURS[0]!) +
        textAt(nameWidth + barWidth + 8, middle + 4, formatValue(value, unit), { size: 11 })
      );
    })
    .join('');
}

/** Draws the series of an instant query as a table, after the transformation of the panel. */
export function drawTable(panel: Panel, results: readonly QueryResult[], { width, height }: Size): string {
  const rows = tableRows(panel, seriesOf(results));
  const columns = rows[0]?.length ?? 1;
  const columnWidth = width / columns;
  const shown = rows.slice(0, Math.floor(height / TABLE_ROW_HEIGHT));
  return shown
    .flatMap((row, at) =>
      row.map((cell, column) =>
        textAt(column * columnWidth, TABLE_ROW_HEIGHT * at + 14, fitText(cell, columnWidth - 6), {
          size: 11,
          bold: at === 0,
        }),
      ),
    )
    .concat(rectangle(0, TABLE_ROW_HEIGHT - 1, { width, height: 1 }, inkColours.rule))
    .join('');
}

/** Returns the header and the rows of a table. */
function tableRows({ transformations, fieldConfig }: Panel, series: readonly ResultSeries[]): string[][] {
  const format = (value: number) => formatValue(value, fieldConfig.defaults.unit);
  const [transformation] = transformations;
  if (transformation?.id === 'groupingToMatrix') {
    const [rowField, columnField] = [transformation.options['rowField'], transformation.options['columnField']].map(
      String,
    );
    const valuesOf = (field: string) => [...new Set(series.map(({ labels }) => labels[field] ?? ''))].sort();
    const columns = valuesOf(columnField!);
    const rows = valuesOf(rowField!).map((row) => [
      row,
      ...columns.map((column) => {
        const cell = series.find(({ labels }) => labels[rowField!] === row && labels[columnField!] === column);
        return format(cell ? latestOf(cell) : 0);
      }),
    ]);
    return [[`${rowField} \\ ${columnField}`, ...columns], ...rows];
  }
  const excluded = Object.keys((transformation?.options['excludeByName'] ?? {}) as object);
  const fields = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))].filter(
    (name) => !excluded.includes(name),
  );
  const hasValue = !excluded.includes('Value');
  return [
    [...fields, ...(hasValue ? ['Value'] : [])],
    ...series.map((one) => [
      ...fields.map((name) => one.labels[name] ?? ''),
      ...(hasValue ? [format(latestOf(one))] : []),
    ]),
  ];
}

/** Draws the buckets of a histogram over time: the darker, the more observations. */
export function drawHeatmap(
  panel: Panel,
  results: readonly QueryResult[],
  { width, height }: Size,
  seconds: number,
): string {
  const buckets = seriesOf(results).toSorted((a, b) => boundOf(a) - boundOf(b));
  const counts = buckets.map(({ points }, at) => {
    const below = new Map(at === 0 ? [] : buckets[at - 1]!.points);
    return points.map(([time, value]) => [time, Math.max(0, value - (below.get(time) ?? 0))] as const);
  });
  const highest = Math.max(...counts.flatMap((points) => points.map(([, count]) => count)), Number.MIN_VALUE);
  const plot = { width: width - BUCKET_LABEL_WIDTH, height: height - TIME_LABEL_HEIGHT };
  const rowHeight = plot.height / buckets.length;
  const times = buckets[0]?.points ?? [];
  const columnWidth = ((times[1]?.[0] ?? 1) - (times[0]?.[0] ?? 0)) * (plot.width / seconds);
  const unit = panel.options.yAxis?.unit ?? 'short';
  let svg = '';
  for (const [at, points] of counts.entries()) {
    const y = plot.height - rowHeight * (at + 1);
    if (rowHeight >= 9 || at % 2 === buckets.length % 2)
      svg += textAt(BUCKET_LABEL_WIDTH - 6, y + rowHeight / 2 + 3, boundLabel(buckets[at]!, unit), {
        size: 9,
        anchor: 'end',
        colour: inkColours.faint,
      });
    for (const [time, count] of points) {
      if (count === 0) continue;
      const x = BUCKET_LABEL_WIDTH + (time / seconds) * plot.width;
      const cell = { width: Math.min(columnWidth, width - x), height: rowHeight - 1 };
      if (cell.width > 0) svg += rectangle(x, y, cell, LINE_COLOURS[1]!, 0.1 + 0.9 * Math.sqrt(count / highest));
    }
  }
  for (const second of [0, seconds / 2, seconds])
    svg += textAt(BUCKET_LABEL_WIDTH + (second / seconds) * plot.width, height - 3, `${Math.round(second)} s`, {
      size: 10,
      anchor: second === seconds ? 'end' : 'start',
      colour: inkColours.faint,
    });
  return svg;
}

function boundOf({ labels }: ResultSeries): number {
  return labels['le'] === '+Inf' ? Infinity : Number(labels['le']);
}

function boundLabel(series: ResultSeries, unit: string): string {
  const bound = boundOf(series);
  return bound === Infinity ? '∞' : formatValue(bound, unit);
}
