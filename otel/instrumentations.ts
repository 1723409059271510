import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { ServerInstrumentation } from './server-instrumentation.ts';

/**
 * What measures and traces by itself; `OTEL_NODE_ENABLED_INSTRUMENTATIONS` says which of OpenTelemetry's are on.
 *
 * @param metricsPort whose requests are not followed
 */
export function instrumentations(metricsPort: number): Instrumentation[] {
  return [
    new ServerInstrumentation(metricsPort),
    ...getNodeAutoInstrumentations({
      // Two of them would make two spans of one request.
      '@opentelemetry/instrumentation-http': { enabled: false },
      '@opentelemetry/instrumentation-host-metrics': {
        enabled: true,
        metricGroups: ['process.cpu', 'process.memory'],
      },
    }),
  ];
}
