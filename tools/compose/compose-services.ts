import { parse } from 'yaml';
import { z } from 'zod';
import { parseDurationMs } from '../../src/platform/durations.ts';

const fileSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      depends_on: z.record(z.string(), z.unknown()).default({}),
      stop_grace_period: z.string().default('10s'),
      ports: z.array(z.string()).default([]),
    }),
  ),
});

/** A service of docker-compose.yml. */
export interface ComposeService {
  /** The services that must be healthy before this one starts. */
  readonly dependencies: readonly string[];
  /** The time in seconds from SIGTERM to SIGKILL. */
  readonly graceSeconds: number;
  /** The ports of the container that are published on this machine. */
  readonly publishedPorts: readonly number[];
}

/** Reads the services of a Compose file by their names. */
export function readComposeServices(text: string): Map<string, ComposeService> {
  const { services } = fileSchema.parse(parse(text, { merge: true }));
  return new Map(
    Object.entries(services).map(([name, { depends_on, stop_grace_period, ports }]) => [
      name,
      {
        dependencies: Object.keys(depends_on),
        graceSeconds: (parseDurationMs(stop_grace_period) ?? 0) / 1000,
        publishedPorts: ports.map((port) => Number(port.split(':').at(-1))),
      },
    ]),
  );
}

/**
 * Returns services in an order in which each comes after its dependencies.
 *
 * @param names the services to start; none means all
 * @param withDependencies adds the dependencies of the named services
 */
export function startOrder(
  services: ReadonlyMap<string, ComposeService>,
  names: readonly string[],
  withDependencies: boolean,
): string[] {
  const order = new Set<string>();
  const add = (name: string) => {
    if (withDependencies) for (const dependency of services.get(name)?.dependencies ?? []) add(dependency);
    order.add(name);
  };
  for (const name of names.length > 0 ? names : services.keys()) add(name);
  return [...order];
}
