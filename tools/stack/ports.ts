import { createServer } from 'node:net';

/** Where everything of the stack listens, all of it on loopback. */
export const WELL_KNOWN_PORTS = {
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

export type Ports = typeof WELL_KNOWN_PORTS;

/** A free port for everything, so that a check or a test never meets what is already running. */
export async function freePorts(): Promise<Ports> {
  const names = Object.keys(WELL_KNOWN_PORTS) as (keyof Ports)[];
  const servers = await Promise.all(names.map(() => listen(0)));
  const ports = Object.fromEntries(names.map((name, index) => [name, portOf(servers[index])]));
  await Promise.all(servers.map((server) => close(server)));
  return ports as Ports;
}

/** Fails with one line that names the part and the port when something else already listens there. */
export async function requireFree(ports: Partial<Ports>): Promise<void> {
  for (const [name, port] of Object.entries(ports)) {
    const server = await listen(port).catch((error: NodeJS.ErrnoException) => {
      throw new Error(
        `${describe(name)} needs port ${port}, which is not free (${error.code}). Stop what uses it and try again.`,
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
