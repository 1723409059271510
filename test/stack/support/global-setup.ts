import type { TestProject } from 'vitest/node';
import { installTools, missingPrerequisite } from '../../../tools/stack/install.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The reason why the stack cannot run on this machine, or an empty string. */
    missingPrerequisite: string;
  }
}

/**
 * Installs the programs of the stack before the first test. If a prerequisite is missing, the tests of the stack are
 * skipped.
 *
 * @throws {Error} if a prerequisite is missing on a CI machine
 */
export async function setup(project: TestProject): Promise<void> {
  const missing = await missingPrerequisite();
  if (missing && process.env['CI'] === 'true') throw new Error(missing);
  if (missing) process.stdout.write(`The tests of the stack are skipped. ${missing}.\n`);
  else await installTools(process.stdout, new AbortController().signal);
  project.provide('missingPrerequisite', missing ?? '');
}
