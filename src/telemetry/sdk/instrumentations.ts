import type { IncomingMessage } from 'node:http';
import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import type { Config } from '../../platform/config.ts';
import { isAuthenticated } from '../http-attributes.ts';
import { PER_PROCESS_SCOPES } from '../registry/metrics.ts';
import { ServerInstrumentation } from './server-instrumentation.ts';

const TRUST: Record<Config['TRUST_INCOMING_TRACE'], (request: IncomingMessage) => boolean> = {
  always: () => true,
  authenticated: isAuthenticated,
  never: () => false,
};

/**
 * Creates the instrumentations. `OTEL_NODE_ENABLED_INSTRUMENTATIONS` selects those of OpenTelemetry.
 *
 * Requests to the port of `/metrics` are neither traced nor measured.
 *
 * @returns the instrumentations of requests, and those that record metrics about the process
 */
export function createInstrumentations(config: Config): {
  requestInstrumentations: Instrumentation[];
  processInstrumentations: Instrumentation[];
} {
  const automatic = getNodeAutoInstrumentations({
    // With this one each request would have two spans.
    '@opentelemetry/instrumentation-http': { enabled: false },
    '@opentelemetry/instrumentation-host-metrics': {
      enabled: true,
      metricGroups: ['process.cpu', 'process.memory'],
    },
  });
  const isOfProcess = ({ instrumentationName }: Instrumentation) => PER_PROCESS_SCOPES.has(instrumentationName);
  const server = new ServerInstrumentation(config.OTEL_EXPORTER_PROMETHEUS_PORT, TRUST[config.TRUST_INCOMING_TRACE]);
  return {
    requestInstrumentations: [server, ...automatic.filter((one) => !isOfProcess(one))],
    processInstrumentations: automatic.filter(isOfProcess),
  };
}
