import type { TestProject } from 'vitest/node';
import { installApiServer, missingForApiServer } from '../../../tools/deploy/api-server.ts';
import { installCheckers, installReceivingCollector, missingForCheckers } from '../../../tools/deploy/install.ts';
import { installTools, missingPrerequisite } from '../../../tools/stack/install.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The reason why the chart cannot be checked on this machine, or an empty string. */
    missingForCheckers: string;
  }
}

/**
 * Installs the programs that check the chart, and those of the stack that read its configurations. If a prerequisite is
 * missing, the tests of the chart are skipped.
 *
 * @throws {Error} if a prerequisite is missing on a CI machine
 */
export async function setup(project: TestProject): Promise<void> {
  const missing = (await missingForCheckers()) ?? (await missingForApiServer()) ?? (await missingPrerequisite());
  if (missing && process.env['CI'] === 'true') throw new Error(missing);
  project.provide('missingForCheckers', missing ?? '');
  if (missing) {
    process.stdout.write(`The tests of the chart are skipped. ${missing}.\n`);
    return;
  }
  const { signal } = new AbortController();
  await installCheckers(process.stdout, signal);
  await installApiServer(process.stdout, signal);
  await installReceivingCollector(process.stdout, signal);
  await installTools(process.stdout, signal);
}
