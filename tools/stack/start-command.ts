import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import type { Ports } from './ports.ts';

const PROJECT = join(import.meta.dirname, '../..');

/** Longer than the limits that the programs have for draining and for flushing telemetry. */
const STOP_WITHIN_MS = 20_000;

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
    cwd: PROJECT,
    health: `http://127.0.0.1:${service}/readyz`,
    stopWithinMs: STOP_WITHIN_MS,
  };
}

/** Returns the mail gateway as a component: `npm run gateway` on a set of ports, with additional settings. */
export function gatewayComponent({ gateway, gatewaySmtp, gatewayMetrics, service }: Ports, env: NodeJS.ProcessEnv) {
  return {
    name: 'mail-gateway',
    file: process.execPath,
    args: startArguments('gateway'),
    env: {
      GATEWAY_PORT: String(gateway),
      GATEWAY_SMTP_PORT: String(gatewaySmtp),
      WAYMARK_URL: `http://127.0.0.1:${service}`,
      OTEL_EXPORTER_PROMETHEUS_PORT: String(gatewayMetrics),
      ...env,
    },
    cwd: PROJECT,
    health: `http://127.0.0.1:${gateway}/readyz`,
    stopWithinMs: STOP_WITHIN_MS,
  };
}
