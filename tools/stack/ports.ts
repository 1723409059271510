import { createServer } from 'node:net';

/** The ports of the stack's components, all on loopback. */
export const wellKnownPorts = {
  service: 3000,
  serviceMetrics: 9464,
  gateway: 3025,
  gatewaySmtp: 2525,
  gatewayMetrics: 9465,
  collectorOtlpGrpc: 4317,
  collectorOtlpHttp: 4318,
  collectorHealth: 13133,
  collectorMetrics: 8888,
  collectorPrometheus: 8889,
  jaegerUi: 16686,
  jaegerGrpc: 16685,
  jaegerOtlpGrpc: 14317,
  jaegerHealth: 13134,
  jaegerMetrics: 8887,
  prometheus: 9090,
  alertmanager: 9093,
  alertWebhook: 9095,
  victoriaLogs: 9428,
};

export type Ports = typeof wellKnownPorts;

/** Returns free ports for all components, so that checks and tests do not collide with running programs. */
export async function freePorts(): Promise<Ports> {
  const names = Object.keys(wellKnownPorts) as (keyof Ports)[];
  const servers = await Promise.all(names.map(() => listen(0)));
  const ports = Object.fromEntries(names.map((name, index) => [name, portOf(servers[index])]));
  await Promise.all(servers.map((server) => close(server)));
  return ports as Ports;
}

/**
 * Checks that all ports are free.
 *
 * @throws {Error} with one line that names the component and the port that is in use
 */
export async function requireFreePorts(ports: Partial<Ports>): Promise<void> {
  for (const [name, port] of Object.entries(ports)) {
    const server = await listen(port).catch((error: NodeJS.ErrnoException) => {
      throw new Error(
        `${describe(name)} needs port ${port}, which is not free (${error.code}). Stop the program that uses it and try again.`,
      );
    });
    await close(server);
  }
}

function describe(name: string): string {
  const [component, ...rest] = name
    .replace(/([A-Z])/g, ' $1')
    .toLowerCase()
    .split(' ');
  return rest.length > 0 ? `${component} (${rest.join(' ')})` : `${component}`;
}

type Server = ReturnType<typeof createServer>;

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function portOf(server: Server | undefined): number {
  const address = server?.address();
  return typeof address === 'object' && address ? address.port : 0;
}
