import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import type { Ports } from './ports.ts';

/**
 * Returns the Node arguments of `npm start` or `npm run gateway`, so that stack and benchmarks run the same command.
 */
export function startArguments(script: 'start' | 'gateway'): string[] {
  return packageJson.scripts[script].split(' ').slice(2);
}

/** Returns the service as a component: `npm start` on a set of ports, with additional settings. */
export function serviceComponent({ service, serviceMetrics }: Ports, env: NodeJS.ProcessEnv) {
  return {
    name: 'waymark',
    file: process.execPath,
    args: startArguments('start'),
    env: { PORT: String(service), OTEL_EXPORTER_PROMETHEUS_PORT: String(serviceMetrics), ...env },
    cwd: join(import.meta.dirname, '../..'),
    health: `http://127.0.0.1:${service}/readyz`,
    // Longer than the service's own limits for draining and for flushing telemetry.
    stopWithinMs: 20_000,
  };
}
