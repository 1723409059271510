import { compare } from '../../src/insights/compare.ts';
import { createRandom } from '../../src/insights/random.ts';
import { groupOf, makeRows, makeTable, PLANTED_FAULTS, plant } from '../../test/insights/planted-table.ts';
import { measureBeside } from './beside.ts';

/**
 * Measures how often comparisons find planted faults, how often they name something by chance, how long they take, and the
 * latency of other requests beside them.
 */
export async function runInsightsBenchmark(full: boolean): Promise<void> {
  const lines = ['### Comparisons', '', '| | runs | result |', '| --- | ---: | ---: |'];
  const print = (what: string, runs: number, result: string) => lines.push(`| ${what} | ${runs} | ${result} |`);
  const share = (count: number, of: number) => `${((100 * count) / of).toFixed(1)} %`;
  for (const fault of PLANTED_FAULTS) {
    const runs = 200;
    let first = 0;
    let fewest = Number.POSITIVE_INFINITY;
    for (let seed = 0; seed < runs; seed += 1) {
      const { table, selected } = plant(fault, 1_000 + (seed % 5) * 1_000, 1_000 * seed);
      fewest = Math.min(fewest, selected);
      if (isFound(fault.groups, table)) first += 1;
    }
    print(`${fault.name} (at least ${fewest} selected in the slice): named first`, runs, share(first, runs));
  }
  const runs = full ? 5_000 : 1_000;
  let named = 0;
  for (let seed = 0; seed < runs; seed += 1) {
    const random = createRandom(seed + 7);
    const part = [0.02, 0.05, 0.2, 0.5][seed % 4]!;
    const table = makeTable(makeRows(2_000, seed), () => random() < part);
    if (compare(table, seed).findings.length > 0) named += 1;
  }
  print('random selections of 2 % to 50 %: something named', runs, share(named, runs));
  for (const part of [0.05, 0.5]) {
    const random = createRandom(3);
    const rows = makeRows(20_000, 3);
    const isSlow = (row: (typeof rows)[number]) => random() < (PLANTED_FAULTS[0]!.isIn(row) ? 0.8 : part);
    const table = makeTable(rows, isSlow);
    const times = Array.from({ length: 10 }, () => {
      const started = process.cpuUsage();
      compare(table);
      const { user, system } = process.cpuUsage(started);
      return (user + system) / 1_000;
    });
    times.sort((a, b) => a - b);
    print(
      `20,000 rows by ${table.columns.length} attributes, ${share(part, 1)} selected by chance besides a fault: median of the CPU time`,
      times.length,
      `${times[5]!.toFixed(0)} ms`,
    );
  }
  process.stdout.write(`${lines.join('\n')}\n\n`);
  process.stdout.write(`${(await measureBeside(full)).join('\n')}\n\n`);
}

function isFound(groups: readonly string[], table: ReturnType<typeof makeTable>): boolean {
  const [finding] = compare(table).findings;
  const named = finding?.conditions.map(({ attribute }) => groupOf(attribute)).toSorted();
  return named?.join() === groups.join();
}
