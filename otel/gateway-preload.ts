/**
 * Starts the OpenTelemetry SDK before the mail gateway, as for the service. The service name and the port of the metrics
 * differ, because both can run on one machine.
 */
import '../src/process/stop-signals.ts';
import { GATEWAY_SERVICE } from '../src/gateway/telemetry.ts';

// By OpenTelemetry's specification OTEL_SERVICE_NAME wins, so it must not be set for a gateway that is named otherwise.
if (!/(?:^|,)\s*service\.name\s*=\s*[^,\s]/.test(process.env['OTEL_RESOURCE_ATTRIBUTES'] ?? '')) {
  process.env['OTEL_SERVICE_NAME'] ||= GATEWAY_SERVICE;
}
process.env['OTEL_EXPORTER_PROMETHEUS_PORT'] ||= '9465';
// The gateway is always one process. WORKERS is a setting of the service.
process.env['WORKERS'] = '1';
// Imported after the settings above, because it reads them when it is loaded.
await import('./preload.ts');
