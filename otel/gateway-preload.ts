/**
 * Starts the OpenTelemetry SDK before the mail gateway: as for the service, under another name and on another port for
 * its metrics, since both may run on one machine.
 */
import { GATEWAY_SERVICE } from '../src/gateway/telemetry.ts';

process.env['OTEL_SERVICE_NAME'] ||= GATEWAY_SERVICE;
process.env['OTEL_EXPORTER_PROMETHEUS_PORT'] ||= '9465';
// The gateway is one process, whatever the service beside it is.
process.env['WORKERS'] = '1';
// After the settings above, which it reads when it is loaded.
await import('./preload.ts');
