import { exponentOf } from './exponent.ts';
import type { ServiceFigures } from './measured-service.ts';

/** The figures of the service at the sizes of one quantity. */
export interface Sweep {
  /** The quantity that grows, such as `labels`. */
  readonly quantity: string;
  readonly points: readonly { readonly size: number; readonly figures: ServiceFigures }[];
  /** The reason why the sweep ended before its last size. */
  readonly stopped?: string | undefined;
}

interface Column {
  readonly title: string;
  readonly figure: (figures: ServiceFigures) => number;
  readonly write: (figure: number) => string;
}

const COLUMNS: readonly Column[] = [
  { title: 'predictions/s', figure: ({ perSecond }) => perSecond, write: (figure) => whole(figure) },
  {
    title: 'CPU time a prediction',
    figure: ({ cpuSeconds, predictions }) => (cpuSeconds / predictions) * 1e6,
    write: (figure) => `${whole(figure)} µs`,
  },
  { title: 'p99', figure: ({ p99Ms }) => p99Ms, write: (figure) => `${figure.toFixed(1)} ms` },
  { title: 'memory', figure: ({ residentMiB }) => residentMiB, write: (figure) => `${whole(figure)} MiB` },
  { title: 'series', figure: ({ series }) => series, write: (figure) => whole(figure) },
  {
    title: 'bytes of spans a prediction',
    figure: ({ bytes, predictions }) => bytes.traces / predictions,
    write: (figure) => whole(figure),
  },
  {
    title: 'bytes of log records a prediction',
    figure: ({ bytes, predictions }) => bytes.logs / predictions,
    write: (figure) => whole(figure),
  },
];

/** Returns one Markdown table of all sweeps. Each sweep ends with a row of the exponents. */
export function growthTable(sweeps: readonly Sweep[]): string {
  const rows = sweeps.flatMap(({ quantity, points }) => [
    ...points.map(({ size, figures }) =>
      cells(`${whole(size)} ${quantity}`, (column) => column.write(column.figure(figures))),
    ),
    cells(`exponent of ${quantity}`, (column) => {
      const exponent = exponentOf(points.map(({ size, figures }) => [size, column.figure(figures)]));
      return exponent === undefined ? '' : `**${exponent.toFixed(2)}**`;
    }),
  ]);
  const stops = sweeps.flatMap(({ quantity, stopped }) => (stopped === undefined ? [] : [`${quantity}: ${stopped}.`]));
  return [
    `| | ${COLUMNS.map(({ title }) => title).join(' | ')} |`,
    `| --- |${' ---: |'.repeat(COLUMNS.length)}`,
    ...rows,
    '',
    ...stops,
    '',
  ].join('\n');
}

function cells(title: string, cell: (column: Column) => string): string {
  return `| ${[title, ...COLUMNS.map(cell)].join(' | ')} |`;
}

function whole(figure: number): string {
  return Math.round(figure).toLocaleString('en-US');
}
