/**
 * Starts the OpenTelemetry SDK before the service: `node --import ./otel/preload.ts src/main.ts`. Signals are handled before
 * the SDK is loaded, which takes the longest part of the start.
 */
import '../src/process/stop-signals.ts';

await import('./start-sdk.ts');
