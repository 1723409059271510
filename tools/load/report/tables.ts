import { wordOf } from '../scenarios/baseline.ts';
import type { LoadResult } from '../scenarios/result.ts';
import type { PhaseResult } from '../scenarios/run.ts';
import { format } from '../scenarios/thresholds.ts';

/** A table for the terminal and the HTML report. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The number of text columns from the left. The other columns hold numbers, which are aligned to the right. */
  readonly textColumns: number;
  readonly note?: string;
  /** The column whose cells are addresses. */
  readonly linkColumn?: number;
}

const MEBIBYTE = 1_048_576;

/** Returns the tables of a result, without the empty ones. */
export function tablesOf(result: LoadResult): Table[] {
  return [
    phaseTable(result),
    comparisonTable(result),
    errorTable(result),
    accuracyTable(result),
    stabilityTable(result),
    slowestTable(result),
  ].filter((table) => table.rows.length > 0);
}

function phaseTable({ phases, checkedPhases, knee }: LoadResult): Table {
  const shown = knee === null ? phases : phases.filter(({ counted }) => counted);
  return {
    title: knee === null ? 'Phases' : 'Steps',
    head: ['phase', 'requested', 'answered', 'errors', 'p50', 'p90', 'p99', 'p99.9', 'max', 'p99 from sending'],
    rows: shown.map((phase) => [
      `${phase.name}${phase.counted ? '' : ', not counted'}${knee !== null && checkedPhases.includes(phase) ? ', the knee' : ''}`,
      formatLoadLevel(phase),
      `${format(phase.perSecond)}/s`,
      format(phase.failed),
      ...(['p50', 'p90', 'p99', 'p999', 'max'] as const).map((name) => milliseconds(phase.latency?.[name])),
      milliseconds(phase.serviceTime?.p99),
    ]),
    textColumns: 1,
    note:
      'Latency is measured from the time at which a request was due, so it includes the time in the queue for a connection. ' +
      'The last column is measured from the time at which the request was sent.',
  };
}

function formatLoadLevel({ loadLevel }: Pick<PhaseResult, 'loadLevel'>): string {
  return 'rate' in loadLevel ? `${format(loadLevel.rate)}/s` : `${loadLevel.connections} conn.`;
}

function comparisonTable({ comparison }: LoadResult): Table {
  const rows = (comparison?.changes ?? []).map(({ quantity, unit, before, after, ratio, interval, verdict }) => [
    quantity,
    `${format(before)} ${unit}`,
    `${format(after)} ${unit}`,
    format(ratio),
    interval === null ? '–' : `${format(interval[0])} to ${format(interval[1])}`,
    wordOf(verdict),
  ]);
  return {
    title: 'Against the baseline',
    head: ['quantity', 'before', 'now', 'factor', '95 % interval', 'verdict'],
    rows,
    textColumns: 1,
    note:
      `The baseline is ${comparison?.file ?? ''}, of ${comparison?.started.slice(0, 10) ?? ''}. Each value is the median of the windows of a run. ` +
      'A change below a tenth is not one. “No verdict”: the noise of the two runs is larger than that; run longer.',
  };
}

function slowestTable({ slowest }: LoadResult): Table {
  return {
    title: 'Slowest requests',
    head: ['version', 'trace', 'latency'],
    rows: slowest.map(({ version, trace, milliseconds: latency }) => [version, trace, milliseconds(latency)]),
    textColumns: 2,
    linkColumn: 1,
    note: 'A service remembers its slowest predictions for a while, and Jaeger keeps the traces that were sampled.',
  };
}

function errorTable({ phases }: LoadResult): Table {
  const rows = phases.flatMap(({ name, errors }) =>
    Object.entries(errors).map(([reason, count]) => [name, reason, format(count)]),
  );
  return { title: 'Errors', head: ['phase', 'reason', 'requests'], rows, textColumns: 2 };
}

function accuracyTable({ accuracy }: LoadResult): Table {
  const wrong = accuracy.mismatches.map((one) => ['wrong', ...row(one)]);
  const changed = accuracy.changes.map((one) => ['changed', ...row(one)]);
  const rows = [...changed, ...wrong];
  const ratio = accuracy.ratio === null ? '' : `Accuracy under load: ${(accuracy.ratio * 100).toFixed(2)} %. `;
  return {
    title: 'Answers',
    head: ['answer', 'line', 'expected', 'got', 'times'],
    rows: rows.slice(0, 20),
    textColumns: 1,
    note: `${ratio}${rows.length > 20 ? `${rows.length - 20} more are in the JSON file. ` : ''}"line" is the line in the data file.`,
  };

  function row({ line, expected, got, times }: LoadResult['accuracy']['mismatches'][number]): string[] {
    return [String(line), expected, got, format(times)];
  }
}

function stabilityTable({ stability }: LoadResult): Table {
  const memory = (stability?.memory ?? []).map(({ quantity, trend, verdict }) => [
    quantity,
    ...(trend === null
      ? ['–', '–']
      : [
          `${signed((trend.slope * 60) / MEBIBYTE)} MiB/min`,
          `${signed((trend.lower * 60) / MEBIBYTE)} to ${signed((trend.upper * 60) / MEBIBYTE)}`,
        ]),
    verdict,
  ]);
  const latency = (stability?.latency ?? []).flatMap(({ percentile, trend }) =>
    trend === null
      ? []
      : [
          [
            `${percentile} of latency`,
            `${signed(trend.slope * 60)} ms/min`,
            `${signed(trend.lower * 60)} to ${signed(trend.upper * 60)}`,
            trend.lower > 0 ? 'rising' : trend.upper < 0 ? 'falling' : 'no trend',
          ],
        ],
  );
  return {
    title: 'Stability',
    head: ['quantity', 'slope', '95 % interval', 'verdict'],
    rows: [...memory, ...latency],
    textColumns: 1,
    note:
      'Theil–Sen slopes with Sen’s interval, widened for autocorrelation. ' +
      'The slope of memory is that of its lower edge between garbage collections.',
  };
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? '–' : `${format(value)} ms`;
}
