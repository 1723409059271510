import type { TestProject } from 'vitest/node';
import { installTools, missingPrerequisite } from '../../../tools/stack/install.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why the stack cannot run on this machine; empty where it can. */
    stackIsMissing: string;
  }
}

/** Installs the stack's programs before the first test, or says why there can be no tests of it. */
export async function setup(project: TestProject): Promise<void> {
  const missing = await missingPrerequisite();
  if (missing && process.env['CI'] === 'true') throw new Error(missing);
  if (missing) process.stdout.write(`The tests of the stack are skipped. ${missing}.\n`);
  else await installTools(process.stdout, new AbortController().signal);
  project.provide('stackIsMissing', missing ?? '');
}
