import type { Measured } from './measured.ts';

/** A traffic and the settings that change its cost. */
export interface Traffic {
  readonly requestsPerSecond: number;
  /** The mean length of a text, in UTF-16 code units. */
  readonly characters: number;
  readonly models: number;
  /** The labels of each model. */
  readonly labels: number;
  /** The share of the requests whose trace and log record are exported, from 0 to 1. */
  readonly sampling: number;
  /** The share of the predictions that get feedback, from 0 to 1. */
  readonly feedback: number;
}

/** The parts of a system for a traffic. Cores are cores in use, at the mean of the traffic. */
export interface Capacity {
  /** The CPU time of a prediction in microseconds. */
  readonly predictionMicroseconds: number;
  /** The processes of the service, with one core each. */
  readonly replicas: number;
  readonly serviceCores: number;
  readonly memoryMiB: number;
  readonly memoryPerReplicaMiB: number;
  readonly spansPerSecond: number;
  /** The bytes that the service sends, not compressed. */
  readonly sentTraceBytesPerDay: number;
  readonly sentLogBytesPerDay: number;
  /** The bytes of a day that Jaeger and VictoriaLogs keep. */
  readonly storedTraceBytesPerDay: number;
  readonly storedLogBytesPerDay: number;
  /** Collectors of each of the two tiers: those that receive and route, and those that sample whole traces. */
  readonly collectorsPerTier: number;
  readonly collectorCores: number;
  readonly jaegerCores: number;
  readonly victoriaLogsCores: number;
  readonly series: number;
  readonly samplesPerSecond: number;
  readonly storedSampleBytesPerDay: number;
  readonly feedbackRowsPerSecond: number;
  readonly feedbackBytesPerDay: number;
  /** The transactions per second that replicas cause without feedback, by looking for changed roles and for their turn. */
  readonly idleTransactionsPerSecond: number;
  readonly databaseCores: number;
  readonly databaseConnections: number;
}

/** The share of a core that a process may use on average. The rest is for peaks, and for the failure of a replica. */
export const UTILISATION = 0.6;
/** The connections that a process usually has (src/postgres/README.md). */
const CONNECTIONS_PER_REPLICA = 4;
const SECONDS_PER_DAY = 86_400;
const MICROSECONDS_PER_SECOND = 1e6;
/** The interval of scrapes in otel/collector/collector.yaml, in seconds. */
const SCRAPE_SECONDS = 5;
/** Of the 1 to 2 bytes that the documentation of Prometheus gives for a sample in "Storage". */
const BYTES_PER_SAMPLE = 2;

/** Returns the parts of a system that a traffic needs, computed from the costs that were measured for each of them. */
export function capacityOf(
  traffic: Traffic,
  { service, collector, jaeger, victoriaLogs, postgres }: Measured,
): Capacity {
  const { requestsPerSecond, models, labels, sampling, feedback } = traffic;
  const predictionMicroseconds =
    service.baseMicroseconds +
    service.microsecondsPerCharacter * traffic.characters +
    service.microsecondsPerLabel * labels +
    service.traceMicroseconds * sampling;
  const busyCores = coresFor(requestsPerSecond, predictionMicroseconds);
  const replicas = Math.max(1, Math.ceil(busyCores / (UTILISATION - service.idleCores)));
  const memoryPerReplicaMiB =
    service.memoryMiB +
    service.memoryPerModelMiB * (models - 1) +
    service.memoryPerLabelMiB * models * Math.max(0, labels - 2);
  const sampledPerSecond = requestsPerSecond * sampling;
  const spansPerSecond = sampledPerSecond * service.spansPerPrediction;
  const tierCores = coresFor(spansPerSecond, collector.microsecondsPerSpan);
  const collectorsPerTier = Math.max(1, Math.ceil(tierCores / UTILISATION));
  const seriesPerReplica = service.baseSeries + models * (service.seriesPerModel + labels * service.seriesPerLabel);
  // One of the replicas that share a database exports the counts of feedback: at most one series for each pair of labels.
  const series = replicas * (seriesPerReplica + collector.spanSeriesPerReplica) + models * labels ** 2;
  const feedbackRowsPerSecond = requestsPerSecond * feedback;
  const idleTransactionsPerSecond = replicas * postgres.idleTransactionsPerSecond;
  return {
    predictionMicroseconds,
    replicas,
    serviceCores: busyCores + replicas * service.idleCores,
    memoryMiB: replicas * memoryPerReplicaMiB,
    memoryPerReplicaMiB,
    spansPerSecond,
    sentTraceBytesPerDay: sampledPerSecond * service.traceBytes * SECONDS_PER_DAY,
    sentLogBytesPerDay: sampledPerSecond * service.logBytes * SECONDS_PER_DAY,
    storedTraceBytesPerDay: spansPerSecond * jaeger.bytesPerSpan * SECONDS_PER_DAY,
    storedLogBytesPerDay: sampledPerSecond * victoriaLogs.bytesPerRecord * SECONDS_PER_DAY,
    collectorsPerTier,
    collectorCores: 2 * tierCores,
    jaegerCores: coresFor(spansPerSecond, jaeger.microsecondsPerSpan),
    victoriaLogsCores: coresFor(sampledPerSecond, victoriaLogs.microsecondsPerRecord),
    series,
    samplesPerSecond: series / SCRAPE_SECONDS,
    storedSampleBytesPerDay: (series / SCRAPE_SECONDS) * BYTES_PER_SAMPLE * SECONDS_PER_DAY,
    feedbackRowsPerSecond,
    feedbackBytesPerDay: feedbackRowsPerSecond * postgres.bytesPerRow * SECONDS_PER_DAY,
    idleTransactionsPerSecond,
    databaseCores: coresFor(feedbackRowsPerSecond + idleTransactionsPerSecond, postgres.microsecondsPerRow),
    databaseConnections: replicas * CONNECTIONS_PER_REPLICA,
  };
}

function coresFor(perSecond: number, microseconds: number): number {
  return (perSecond * microseconds) / MICROSECONDS_PER_SECOND;
}
