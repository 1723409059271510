import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { PER_PROCESS_SCOPES } from '../registry/metrics.ts';
import { ServerInstrumentation } from './server-instrumentation.ts';

/**
 * Creates the instrumentations. `OTEL_NODE_ENABLED_INSTRUMENTATIONS` selects those of OpenTelemetry.
 *
 * @param metricsPort the port of `/metrics`, whose requests are neither traced nor measured
 * @returns the instrumentations of requests, and those that record metrics about the process
 */
export function createInstrumentations(metricsPort: number): {
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
  return {
    requestInstrumentations: [new ServerInstrumentation(metricsPort), ...automatic.filter((one) => !isOfProcess(one))],
    processInstrumentations: automatic.filter(isOfProcess),
  };
}
