import { readMails } from '../../tools/stack/check/traffic.ts';
import type { Measured } from './measured.ts';
import { capacityOf, type Traffic } from './model.ts';
import { type Simulated, type SimulatedSystem, simulate } from './simulation.ts';

/** The traffic against the planned one, for each balancer. */
const LOADS = { random: [0.5, 1, 1.2, 1.4, 1.6, 1.8], 'less-of-two': [1, 1.4] } as const;
/** The objective of the service (otel/prometheus/rules/service.yml): 99 % of the predictions within 25 ms. */
const MAX_P99_SECONDS = 0.025;
/** A part is saturated if its waiting work grows by more than this share of the time. */
const MAX_GROWTH = 0.005;
/** The requests of a simulation, and its shortest time, in seconds. */
const REQUESTS = 1_000_000;
const MIN_SECONDS = 3;

/**
 * Simulates the system that the model plans for a traffic, with more and less traffic than planned. Prints a table, and returns
 * whether the objective holds at the planned traffic, and whether the part saturates first that the model expects.
 */
export async function checkBySimulation(traffic: Traffic, measured: Measured): Promise<boolean> {
  const { replicas, collectorsPerTier } = capacityOf(traffic, measured);
  const rows = [];
  for (const balancer of ['random', 'less-of-two'] as const) {
    for (const load of LOADS[balancer]) {
      const requestsPerSecond = traffic.requestsPerSecond * load;
      const system: SimulatedSystem = {
        requestsPerSecond,
        replicas,
        collectors: collectorsPerTier,
        spansPerRequest: measured.service.spansPerPrediction,
        sampling: traffic.sampling,
        secondsPerSpan: measured.collector.microsecondsPerSpan / 1e6,
        serviceSeconds: await serviceTimes({ ...traffic, requestsPerSecond }, measured),
        balancer,
      };
      rows.push({ load, balancer, ...simulate(system, Math.max(MIN_SECONDS, REQUESTS / requestsPerSecond), 1) });
    }
  }
  process.stdout.write(
    [
      `${traffic.requestsPerSecond.toLocaleString('en-US')} requests/s planned: ${replicas} replicas, ${collectorsPerTier} Collectors in each tier`,
      '',
      '| traffic against the plan | balancer | p50 | p99 | replicas in use | Collectors in use | saturated |',
      '| ---: | --- | ---: | ---: | ---: | ---: | --- |',
      ...rows.map((row) => `| ${cells(row).join(' | ')} |`),
      '',
      '',
    ].join('\n'),
  );
  const planned = rows.filter(({ load }) => load === 1);
  const first = rows.find((row) => saturatedParts(row).length > 0);
  const expected = expectedFirst(traffic, measured);
  return (
    planned.every(({ p99 }) => p99 <= MAX_P99_SECONDS) &&
    (first === undefined || saturatedParts(first).includes(expected))
  );
}

/** Returns the part with the least headroom in the model. */
function expectedFirst(traffic: Traffic, measured: Measured): Part {
  const { serviceCores, replicas, collectorCores, collectorsPerTier } = capacityOf(traffic, measured);
  return serviceCores / replicas >= collectorCores / 2 / collectorsPerTier ? 'replicas' : 'Collectors';
}

type Part = 'replicas' | 'Collectors';

function saturatedParts({ replicaBacklogGrowth, collectorBacklogGrowth }: Simulated): Part[] {
  return [
    ...(replicaBacklogGrowth > MAX_GROWTH ? (['replicas'] as const) : []),
    ...(collectorBacklogGrowth > MAX_GROWTH ? (['Collectors'] as const) : []),
  ];
}

/** Returns service times in seconds: of the lengths of real mails, scaled to the mean length of the traffic. */
async function serviceTimes(traffic: Traffic, measured: Measured): Promise<number[]> {
  const lengths = (await readMails()).map(({ text }) => text.length);
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  // A process spends its time without requests between them, which makes each of them longer.
  const available = 1 - measured.service.idleCores;
  return lengths.map((length) => {
    const characters = (length / mean) * traffic.characters;
    return capacityOf({ ...traffic, characters }, measured).predictionMicroseconds / 1e6 / available;
  });
}

function cells({ load, balancer, p50, p99, ...row }: Simulated & Pick<SimulatedSystem, 'balancer'> & { load: number }) {
  const times = [p50, p99].map((seconds) => `${(seconds * 1_000).toFixed(1)} ms`);
  const shares = [row.replicaUtilisation, row.collectorUtilisation].map((share) => `${(share * 100).toFixed(0)} %`);
  const parts = saturatedParts({ ...row, p50, p99 }).join(' and ');
  return [`${(load * 100).toFixed(0)} %`, balancer === 'random' ? 'random' : 'less of two', ...times, ...shares, parts];
}
