import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { missingForContainers, prepareContainers } from '../../../tools/compose/prepare.ts';
import { step } from '../../../tools/stack/progress.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The reason why containers cannot run on this machine, or an empty string. */
    missingForContainers: string;
    /** The path of a command that takes the arguments of `docker`. */
    dockerCommand: string;
  }
}

/**
 * Prepares podman (or takes the command of `DOCKER_COMMAND`), and builds the images of docker-compose.yml. If a prerequisite is
 * missing, the tests of containers are skipped.
 *
 * @throws {Error} if a prerequisite is missing on a CI machine, or an image cannot be built
 */
export async function setup(project: TestProject): Promise<void> {
  const missing = await missingForContainers();
  if (missing && process.env['CI'] === 'true') throw new Error(missing);
  project.provide('missingForContainers', missing ?? '');
  if (missing) {
    process.stdout.write(`The tests of containers are skipped. ${missing}.\n`);
    return;
  }
  const docker = await prepareContainers(process.stdout, new AbortController().signal);
  project.provide('dockerCommand', docker);
  await step(process.stdout, 'images of docker-compose.yml', () => build(docker));
}

async function build(docker: string): Promise<void> {
  // Bake builds all images at once. It is what new releases of Compose do by themselves.
  const command = process.env['BAKE'] ? ['buildx', 'bake', '-f', 'docker-compose.yml'] : ['compose', 'build'];
  await promisify(execFile)(docker, command, { maxBuffer: 1 << 28 });
}
