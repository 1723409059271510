import { type CandidateName, candidates, mechanisms, promotedShare } from './label-mechanisms.ts';

/**
 * Simulates candidates under each mechanism of labels, and prints a Markdown table of the shares that the policy promoted. All
 * parts but time and traffic are the real ones.
 *
 * @param full whether each share is of 500 simulated candidates; otherwise of 50
 */
export async function runEvidenceBenchmark(full: boolean): Promise<void> {
  const runs = full ? 500 : 50;
  const names = Object.keys(candidates) as CandidateName[];
  process.stdout.write(
    `| labels (${runs} candidates each) | ${names.join(' | ')} |\n| --- | ${names.map(() => '---:').join(' | ')} |\n`,
  );
  for (const mechanism of mechanisms) {
    const shares: string[] = [];
    for (const name of names) shares.push(`${(100 * (await promotedShare(mechanism, name, runs))).toFixed(1)} %`);
    process.stdout.write(`| ${mechanism.name} | ${shares.join(' | ')} |\n`);
  }
}
