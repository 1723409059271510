import { Server } from 'node:http';
import { isWrapped } from '@opentelemetry/instrumentation';

type Shutdown = () => Promise<void>;

let shutdown: Shutdown | undefined;

/** Registers the function that stops the SDK. The preload calls this, and the service stops the SDK after its last response. */
export function registerSdkShutdown(stop: Shutdown): void {
  shutdown = stop;
}

/**
 * Returns the reason why requests are not traced, or `undefined` if they are. Without the preload, or with an
 * instrumentation that does not fit the version of Node, the service works but records nothing.
 */
export function findMissingInstrumentation(): string | undefined {
  if (shutdown === undefined)
    return 'the telemetry preload did not run (start with `npm start`, or node --import ./otel/preload.ts)';
  if (!isWrapped(Server.prototype.emit)) return 'the HTTP server is not instrumented';
  return undefined;
}

/**
 * Exports the remaining telemetry and stops the SDK.
 *
 * @param timeoutMs the time limit; if the receiver is not available, the SDK would wait far longer
 * @returns whether everything was exported in time
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
