import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { CHART } from '../../../tools/chart-files.ts';

const POLICIES = `${CHART}/../../policy`;

const outcomes = z.array(z.object({ failures: z.array(z.object({ msg: z.string() })).default([]) }));

/**
 * Runs a program, and returns its output, also if its exit code is not 0.
 *
 * @throws {Error} if the program cannot be started, or ends by a signal
 */
export async function runChecker(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; output: string }> {
  try {
    const options = { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
    const { stdout, stderr } = await promisify(execFile)(program, args, options);
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (typeof code !== 'number') throw error;
    return { code, output: stdout + stderr };
  }
}

/** Returns the failures of the policies in deploy/policy for a file of manifests. */
export async function policyFailures(conftest: string, file: string): Promise<string[]> {
  const args = ['test', '--combine', '--output', 'json', '--policy', POLICIES, file];
  const { output } = await runChecker(conftest, args);
  return outcomes.parse(JSON.parse(output)).flatMap(({ failures }) => failures.map(({ msg }) => msg));
}
