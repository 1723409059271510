import type { Capacity, Traffic } from './model.ts';

interface Row {
  readonly title: string;
  readonly write: (capacity: Capacity) => string;
}

const ROWS: readonly Row[] = [
  { title: 'CPU time of a prediction', write: (of) => `${whole(of.predictionMicroseconds)} µs` },
  { title: 'replicas of one core', write: (of) => whole(of.replicas) },
  { title: 'their cores in use', write: (of) => short(of.serviceCores) },
  {
    title: 'their memory: each, all',
    write: (of) => `${whole(of.memoryPerReplicaMiB)} MiB, ${bytes(of.memoryMiB * 2 ** 20)}`,
  },
  { title: 'spans/s', write: (of) => whole(of.spansPerSecond) },
  { title: 'spans sent a day', write: (of) => bytes(of.sentTraceBytesPerDay) },
  { title: 'log records sent a day', write: (of) => bytes(of.sentLogBytesPerDay) },
  { title: 'Collectors: in each tier', write: (of) => whole(of.collectorsPerTier) },
  { title: 'their cores in use, both tiers', write: (of) => short(of.collectorCores) },
  { title: 'Jaeger: cores in use', write: (of) => short(of.jaegerCores) },
  { title: 'Jaeger: stored a day', write: (of) => bytes(of.storedTraceBytesPerDay) },
  { title: 'VictoriaLogs: cores in use', write: (of) => short(of.victoriaLogsCores) },
  { title: 'VictoriaLogs: stored a day', write: (of) => bytes(of.storedLogBytesPerDay) },
  { title: 'Prometheus: series', write: (of) => whole(of.series) },
  { title: 'Prometheus: samples/s', write: (of) => whole(of.samplesPerSecond) },
  { title: 'Prometheus: stored a day', write: (of) => bytes(of.storedSampleBytesPerDay) },
  { title: 'PostgreSQL: rows of feedback/s', write: (of) => short(of.feedbackRowsPerSecond) },
  { title: 'PostgreSQL: stored a day', write: (of) => bytes(of.feedbackBytesPerDay) },
  { title: 'PostgreSQL: transactions/s of idle replicas', write: (of) => whole(of.idleTransactionsPerSecond) },
  { title: 'PostgreSQL: cores in use', write: (of) => short(of.databaseCores) },
  { title: 'PostgreSQL: connections', write: (of) => whole(of.databaseConnections) },
];

/** Returns a Markdown table with a column for each traffic. */
export function capacityTable(planned: readonly { readonly traffic: Traffic; readonly capacity: Capacity }[]): string {
  const titles = planned.map(({ traffic }) => {
    const sampled = traffic.sampling * 100;
    return `${whole(traffic.requestsPerSecond)}/s, ${Number(sampled.toPrecision(2))} % sampled`;
  });
  return [
    `| | ${titles.join(' | ')} |`,
    `| --- |${' ---: |'.repeat(planned.length)}`,
    ...ROWS.map(({ title, write }) => `| ${[title, ...planned.map(({ capacity }) => write(capacity))].join(' | ')} |`),
    '',
    '',
  ].join('\n');
}

function whole(value: number): string {
  return Math.ceil(value).toLocaleString('en-US');
}

function short(value: number): string {
  return value < 10 ? value.toFixed(2) : whole(value);
}

function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1_000 ** power;
  return `${scaled < 10 ? scaled.toFixed(1) : whole(scaled)} ${units[power]}`;
}
