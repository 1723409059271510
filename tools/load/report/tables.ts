import type { LoadResult } from '../scenarios/result.ts';
import type { PhaseResult } from '../scenarios/run.ts';
import { format } from '../scenarios/thresholds.ts';

/** A table as both the terminal and the report show it. */
export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** How many columns from the left hold words; numbers stand at the right of theirs. */
  readonly words: number;
  readonly note?: string;
}

const mebibyte = 1_048_576;

/** The tables of a result; those that would be empty are left out. */
export function tablesOf(result: LoadResult): Table[] {
  return [phaseTable(result), errorTable(result), accuracyTable(result), stabilityTable(result)].filter(
    (table) => table.rows.length > 0,
  );
}

function phaseTable({ phases, judged, knee }: LoadResult): Table {
  const shown = knee === null ? phases : phases.filter(({ counts }) => counts);
  return {
    title: knee === null ? 'Phases' : 'Steps',
    head: ['phase', 'asked', 'answered', 'errors', 'p50', 'p90', 'p99', 'p99.9', 'max', 'p99 from sending'],
    rows: shown.map((phase) => [
      `${phase.name}${phase.counts ? '' : ', not counted'}${knee !== null && judged.includes(phase) ? ', the knee' : ''}`,
      pressureOf(phase),
      `${format(phase.perSecond)}/s`,
      format(phase.failed),
      ...(['p50', 'p90', 'p99', 'p999', 'max'] as const).map((name) => milliseconds(phase.latency?.[name])),
      milliseconds(phase.serviceTime?.p99),
    ]),
    words: 1,
    note:
      'Latency counts from when a request was due, so it holds the time that requests waited behind a stalled service; ' +
      'the last column counts from when it was sent.',
  };
}

/** What was asked of a phase. */
function pressureOf({ pressure }: Pick<PhaseResult, 'pressure'>): string {
  return 'rate' in pressure ? `${format(pressure.rate)}/s` : `${pressure.connections} conn.`;
}

function errorTable({ phases }: LoadResult): Table {
  const rows = phases.flatMap(({ name, errors }) =>
    Object.entries(errors).map(([reason, count]) => [name, reason, format(count)]),
  );
  return { title: 'Errors', head: ['phase', 'what', 'requests'], rows, words: 2 };
}

function accuracyTable({ accuracy }: LoadResult): Table {
  const wrong = accuracy.mismatches.map((one) => ['wrong', ...row(one)]);
  const changed = accuracy.changes.map((one) => ['changed', ...row(one)]);
  const rows = [...changed, ...wrong];
  const ratio = accuracy.ratio === null ? '' : `Accuracy under load: ${(accuracy.ratio * 100).toFixed(2)} %. `;
  return {
    title: 'Answers',
    head: ['', 'line', 'expected', 'got', 'times'],
    rows: rows.slice(0, 20),
    words: 1,
    note: `${ratio}${rows.length > 20 ? `${rows.length - 20} more are in the JSON file. ` : ''}Lines are those of the data.`,
  };

  function row({ line, expected, got, times }: LoadResult['accuracy']['mismatches'][number]): string[] {
    return [String(line), expected, got, format(times)];
  }
}

function stabilityTable({ stability }: LoadResult): Table {
  const memory = (stability?.memory ?? []).map(({ what, trend, verdict }) => [
    what,
    ...(trend === null
      ? ['–', '–']
      : [
          `${signed((trend.slope * 60) / mebibyte)} MiB/min`,
          `${signed((trend.lower * 60) / mebibyte)} to ${signed((trend.upper * 60) / mebibyte)}`,
        ]),
    verdict,
  ]);
  const latency = (stability?.latency ?? []).flatMap(({ what, trend }) =>
    trend === null
      ? []
      : [
          [
            `${what} of latency`,
            `${signed(trend.slope * 60)} ms/min`,
            `${signed(trend.lower * 60)} to ${signed(trend.upper * 60)}`,
            trend.lower > 0 ? 'rising' : trend.upper < 0 ? 'falling' : 'no trend',
          ],
        ],
  );
  return {
    title: 'Stability',
    head: ['what', 'slope', '95 % interval', 'verdict'],
    rows: [...memory, ...latency],
    words: 1,
    note: 'Theil–Sen slopes with Sen’s interval, widened for autocorrelation; memory by its lower edge between collections.',
  };
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
}

function milliseconds(value: number | undefined): string {
  return value === undefined ? '–' : `${format(value)} ms`;
}
