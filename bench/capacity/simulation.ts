import { createRandom } from '../../src/classifier/learning/random.ts';

/** The system that is simulated. Times are in seconds. */
export interface SimulatedSystem {
  readonly requestsPerSecond: number;
  readonly replicas: number;
  /** Collectors of the tier that samples whole traces. */
  readonly collectors: number;
  /** The spans of each sampled request, and the share of sampled ones. */
  readonly spansPerRequest: number;
  readonly sampling: number;
  /** The time that a Collector needs for a span. */
  readonly secondsPerSpan: number;
  /** The times that a replica needs for a request. Each request has one of them, by chance. */
  readonly serviceSeconds: readonly number[];
  /** The way of the balancer: any replica, or that of two by chance which has less to do. */
  readonly balancer: 'random' | 'less-of-two';
}

/** The result of a simulation. Times are in seconds. */
export interface Simulated {
  readonly requests: number;
  readonly p50: number;
  readonly p99: number;
  readonly meanWait: number;
  /** The mean share of the time in which a replica works, and a Collector. */
  readonly replicaUtilisation: number;
  readonly collectorUtilisation: number;
  /** The growth of the waiting work of all replicas, and of all Collectors, in seconds of work for each second. */
  readonly replicaBacklogGrowth: number;
  readonly collectorBacklogGrowth: number;
}

/** The service exports each second (`OTEL_BSP_SCHEDULE_DELAY`). */
const EXPORT_SECONDS = 1;

/**
 * Simulates replicas behind a balancer, and the Collectors that receive their spans. Requests arrive at random (a Poisson
 * process). A replica serves them one after the other, as one thread does. Each second it sends its spans to the Collectors, in
 * equal parts, as a routing by trace id does.
 *
 * @param seconds the length of the simulated time; the first fifth warms up and is not measured
 */
export function simulate(system: SimulatedSystem, seconds: number, seed: number): Simulated {
  const random = createRandom(seed);
  const { requestsPerSecond, replicas, serviceSeconds } = system;
  const freeAt = new Float64Array(replicas);
  const spans = new Float64Array(Math.ceil(seconds / EXPORT_SECONDS) + 1);
  const warmUp = seconds / 5;
  const times: number[] = [];
  let waited = 0;
  let busy = 0;
  let requests = 0;
  let backlogAtWarmUp: number | undefined;
  for (let now = nextArrival(0); now < seconds; now = nextArrival(now)) {
    if (now >= warmUp) backlogAtWarmUp ??= backlogOf(freeAt, now);
    const replica = chooseReplica();
    const service = serviceSeconds[Math.floor(random() * serviceSeconds.length)]!;
    const start = Math.max(now, freeAt[replica]!);
    freeAt[replica] = start + service;
    if (random() < system.sampling) spans[Math.floor(now / EXPORT_SECONDS)]! += system.spansPerRequest;
    if (now < warmUp) continue;
    requests += 1;
    times.push(start + service - now);
    waited += start - now;
    busy += service;
  }
  const sorted = Float64Array.from(times).sort();
  const measured = seconds - warmUp;
  const { utilisation, growth } = runCollectors(spans, system, Math.ceil(warmUp), Math.floor(seconds));
  return {
    requests,
    p50: at(sorted, 0.5),
    p99: at(sorted, 0.99),
    meanWait: waited / requests,
    replicaUtilisation: busy / measured / replicas,
    collectorUtilisation: utilisation,
    replicaBacklogGrowth: (backlogOf(freeAt, seconds) - (backlogAtWarmUp ?? 0)) / measured / replicas,
    collectorBacklogGrowth: growth,
  };

  function nextArrival(now: number): number {
    return now - Math.log(1 - random()) / requestsPerSecond;
  }

  function chooseReplica(): number {
    const one = Math.floor(random() * replicas);
    if (system.balancer === 'random') return one;
    const other = Math.floor(random() * replicas);
    return freeAt[other]! < freeAt[one]! ? other : one;
  }
}

/** Returns the work of all replicas that waits at a moment, in seconds. */
function backlogOf(freeAt: Float64Array, now: number): number {
  return freeAt.reduce((sum, free) => sum + Math.max(0, free - now), 0);
}

/** Lets the Collectors work on the spans of each second, from the second after `from` on. */
function runCollectors(
  spans: Float64Array,
  { collectors, secondsPerSpan }: SimulatedSystem,
  from: number,
  to: number,
): { utilisation: number; growth: number } {
  let backlog = 0;
  let backlogBefore = 0;
  let busy = 0;
  for (let second = 0; second < to; second += 1) {
    if (second === from) backlogBefore = backlog;
    const work = backlog + (spans[second]! * secondsPerSpan) / collectors;
    const done = Math.min(EXPORT_SECONDS, work);
    backlog = work - done;
    if (second >= from) busy += done;
  }
  return { utilisation: busy / (to - from), growth: (backlog - backlogBefore) / (to - from) };
}

function at(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
