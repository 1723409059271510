import type { IncomingMessage } from 'node:http';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import type { HostMetricsInstrumentationConfig } from '@opentelemetry/instrumentation-host-metrics';
import type { Config } from '../../platform/config.ts';
import { isAuthenticated } from '../http-attributes.ts';
import { PER_PROCESS_SCOPES } from '../registry/metrics.ts';
import { type Environment, selectedInstrumentations } from './sdk-variables.ts';
import { ServerInstrumentation } from './server-instrumentation.ts';

const TRUST: Record<Config['TRUST_INCOMING_TRACE'], (request: IncomingMessage) => boolean> = {
  always: () => true,
  authenticated: isAuthenticated,
  never: () => false,
};

/** Waymark needs the memory and CPU time of its process, not those of the machine. */
const HOST_METRICS: HostMetricsInstrumentationConfig = {
  enabled: true,
  metricGroups: ['process.cpu', 'process.memory'],
};

/**
 * The instrumentations that are set up by default, each loaded from its own package. `auto-instrumentations-node` contains the
 * same packages, and loads all of its forty whenever it is loaded itself (decision 15).
 */
const DEFAULT_INSTRUMENTATIONS: Readonly<Record<string, () => Promise<Instrumentation>>> = {
  undici: async () => new (await import('@opentelemetry/instrumentation-undici')).UndiciInstrumentation(),
  'runtime-node': async () =>
    new (await import('@opentelemetry/instrumentation-runtime-node')).RuntimeNodeInstrumentation(),
  'host-metrics': async () =>
    new (await import('@opentelemetry/instrumentation-host-metrics')).HostMetricsInstrumentation(HOST_METRICS),
};

/**
 * Creates the instrumentations. `OTEL_NODE_ENABLED_INSTRUMENTATIONS` selects those of OpenTelemetry.
 *
 * Requests to the port of `/metrics` are neither traced nor measured.
 *
 * @returns the instrumentations of requests, and those that record metrics about the process
 */
export async function createInstrumentations(
  config: Config,
  env: Environment,
): Promise<{
  requestInstrumentations: Instrumentation[];
  processInstrumentations: Instrumentation[];
}> {
  const selected = await createSelected(env);
  const isOfProcess = ({ instrumentationName }: Instrumentation) => PER_PROCESS_SCOPES.has(instrumentationName);
  const server = new ServerInstrumentation(config.OTEL_EXPORTER_PROMETHEUS_PORT, TRUST[config.TRUST_INCOMING_TRACE]);
  return {
    requestInstrumentations: [server, ...selected.filter((one) => !isOfProcess(one))],
    processInstrumentations: selected.filter(isOfProcess),
  };
}

async function createSelected(env: Environment): Promise<Instrumentation[]> {
  const names = selectedInstrumentations(env);
  if (names.length > 0 && names.every((name) => Object.hasOwn(DEFAULT_INSTRUMENTATIONS, name))) {
    // The metrics of the process are always recorded.
    const needed = new Set([...names, 'host-metrics']);
    return Promise.all([...needed].map((name) => DEFAULT_INSTRUMENTATIONS[name]!()));
  }
  const { getNodeAutoInstrumentations } = await import('@opentelemetry/auto-instrumentations-node');
  return getNodeAutoInstrumentations({
    // With this one each request would have two spans.
    '@opentelemetry/instrumentation-http': { enabled: false },
    '@opentelemetry/instrumentation-host-metrics': HOST_METRICS,
  });
}
