import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ComposeService, readComposeServices } from '../../../tools/compose/compose-services.ts';
import { freePort } from '../../support/service-process.ts';
import { docker } from './docker.ts';

const COMPOSE_FILE = join(import.meta.dirname, '../../../docker-compose.yml');

/** A Compose project on docker-compose.yml, with free ports. */
export interface ComposeProject {
  readonly name: string;
  readonly services: ReadonlyMap<string, ComposeService>;
  /** The environment of `docker compose`, which selects the project and its files. */
  readonly env: NodeJS.ProcessEnv;
  /** Returns the address of a published port of a service. */
  address(service: string, port: number): string;
  /** Runs `docker compose` and returns its standard output. */
  compose(...args: string[]): Promise<string>;
  /** Returns the id of the container of a service, also of a stopped one. */
  containerOf(service: string): Promise<string>;
  /** Removes containers, networks and volumes of the project. */
  remove(): Promise<void>;
}

/**
 * Creates a project.
 *
 * @param overrides what is laid over services of docker-compose.yml, by their names
 * @param env variables for docker-compose.yml
 */
export async function createProject(
  name: string,
  overrides: Readonly<Record<string, object>> = {},
  env: NodeJS.ProcessEnv = {},
): Promise<ComposeProject> {
  const services = readComposeServices(await readFile(COMPOSE_FILE, 'utf8'));
  const folder = await mkdtemp(join(tmpdir(), 'waymark-compose-'));
  const ports = new Map<string, number>();
  let written = 'services:\n';
  for (const [service, { publishedPorts }] of services) {
    for (const port of publishedPorts) ports.set(`${service}:${port}`, await freePort());
    const published = publishedPorts.map((port) => `127.0.0.1:${ports.get(`${service}:${port}`)}:${port}`);
    const keys = Object.entries(overrides[service] ?? {}).map(
      ([key, value]) => `    ${key}: ${JSON.stringify(value)}\n`,
    );
    // Without the tag, the ports would be added to those of docker-compose.yml.
    if (published.length > 0) keys.push(`    ports: !override ${JSON.stringify(published)}\n`);
    if (keys.length > 0) written += `  ${service}:\n${keys.join('')}`;
  }
  const override = join(folder, 'override.yml');
  await writeFile(override, written);
  const composeEnv = { COMPOSE_PROJECT_NAME: name, COMPOSE_FILE: `${COMPOSE_FILE}:${override}`, ...env };

  const compose = (...args: string[]) => docker(['compose', ...args], composeEnv);
  async function remove(): Promise<void> {
    await compose('down', '--volumes', '--timeout', '15');
  }
  // An earlier run that was interrupted may have left its containers.
  await remove();
  return {
    name,
    services,
    env: composeEnv,
    address: (service, port) => `127.0.0.1:${ports.get(`${service}:${port}`)}`,
    compose,
    async containerOf(service) {
      const labels = [`com.docker.compose.project=${name}`, `com.docker.compose.service=${service}`];
      const filters = labels.flatMap((label) => ['--filter', `label=${label}`]);
      const found = await docker(['ps', '--all', '--quiet', ...filters]);
      const [id] = found.split('\n');
      if (!id) throw new Error(`there is no container of ${service}`);
      return id;
    },
    async remove() {
      await remove();
      await rm(folder, { recursive: true });
    },
  };
}
