import { Server } from 'node:http';
import { isWrapped } from '@opentelemetry/instrumentation';

type Shutdown = () => Promise<void>;

let shutdown: Shutdown | undefined;

/** Called by the preload that started the SDK: the service ends it after its last response. */
export function registerSdkShutdown(stop: Shutdown): void {
  shutdown = stop;
}

/**
 * Why requests would not be traced, or undefined if they will be. Without the preload, or with an instrumentation
 * that no longer fits Node, everything works and nothing is followed: that has to be said.
 */
export function findMissingInstrumentation(): string | undefined {
  if (shutdown === undefined)
    return 'the telemetry preload did not run (start with `npm start`, or node --import ./otel/preload.ts)';
  if (!isWrapped(Server.prototype.emit)) return 'the HTTP server is not instrumented';
  return undefined;
}

/**
 * Sends what telemetry is still held, and stops the SDK.
 *
 * @param timeoutMs after which the rest is given up: with its receiver away the SDK would wait far longer
 * @returns whether everything was handed over in time
 */
export async function shutdownSdk(timeoutMs: number): Promise<boolean> {
  if (shutdown === undefined) return true;
  const timeout = new Promise<false>((resolve) => setTimeout(resolve, timeoutMs, false).unref());
  const flushed = shutdown().then(
    () => true,
    () => false,
  );
  return Promise.race([flushed, timeout]);
}
