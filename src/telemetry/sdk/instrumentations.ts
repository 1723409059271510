import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { PER_PROCESS_SCOPES } from '../registry/metrics.ts';
import { ServerInstrumentation } from './server-instrumentation.ts';

/**
 * What measures and traces by itself; `OTEL_NODE_ENABLED_INSTRUMENTATIONS` says which of OpenTelemetry's are on.
 *
 * @param metricsPort whose requests are not followed
 * @returns apart from each other, what follows requests and what describes the process
 */
export function createInstrumentations(metricsPort: number): {
  requestInstrumentations: Instrumentation[];
  processInstrumentations: Instrumentation[];
} {
  const automatic = getNodeAutoInstrumentations({
    // Two of them would make two spans of one request.
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
