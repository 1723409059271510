import { channel } from 'node:diagnostics_channel';
import { createRequire } from 'node:module';
import { context, logs, metrics, ProxyTracerProvider, propagation, trace } from '@opentelemetry/api';
import { ExportResultCode } from '@opentelemetry/core';
import { isWrapped } from '@opentelemetry/instrumentation';

/** The channels of Node's `fetch` that instrumentations subscribe to. */
const FETCH_CHANNELS = ['request:create', 'client:sendHeaders', 'request:headers', 'request:trailers', 'request:error'];

/** The methods of `http` and `https` that instrumentations wrap. */
const WRAPPED_METHODS = ['request', 'get'];

type Methods = Record<string, unknown>;

let turnedOff: string | undefined;

/** Returns the module of the second SDK that was turned off in this process, or `undefined` if there was none. */
export function turnedOffSdk(): string | undefined {
  return turnedOff;
}

/**
 * Turns off an SDK that was loaded before this one, as by `NODE_OPTIONS`. With two SDKs each request would have two server
 * spans, and each call two headers `traceparent`, so that traces would be cut. Call this before the SDK starts.
 *
 * @param options the options of Node that load modules, to name the SDK
 */
export function turnOffSecondSdk(options: readonly string[]): void {
  const tracers = trace.getTracerProvider();
  if (!(Symbol.for('opentelemetry.js.api.1') in globalThis) || !hasDelegate(tracers)) return;
  turnedOff = findModule(options) ?? 'by another way than the options of Node';
  const providers = [tracers.getDelegate(), metrics.getMeterProvider(), logs.getLoggerProvider()];
  // Its instrumentations get tracers without effect, also those whose libraries are loaded later.
  tracers.setDelegate(new ProxyTracerProvider().getDelegate());
  for (const api of [trace, context, propagation, metrics, logs]) api.disable();
  unwrapHttp();
  for (const name of FETCH_CHANNELS) unsubscribeAll(`undici:${name}`);
  for (const provider of providers) void shutDown(provider);
}

/** Returns whether a tracer provider is that of an SDK. The API's provider without an SDK has no delegate. */
function hasDelegate(provider: object): provider is ProxyTracerProvider {
  if (!('getDelegate' in provider && 'setDelegate' in provider)) return false;
  return 'shutdown' in (provider as ProxyTracerProvider).getDelegate();
}

/** Returns the modules about OpenTelemetry that Node's options load. */
function findModule(options: readonly string[]): string | undefined {
  const modules = options.join(' ').matchAll(/(?:--require|-r|--import)[=\s]+"?([^\s"]+)/g);
  const found = [...modules].map(([, name = '']) => name).filter((name) => /opentelemetry|otel/i.test(name));
  return found.filter((name) => !/otel\/(?:gateway-)?preload\.ts$/.test(name)).join(', ') || undefined;
}

function unwrapHttp(): void {
  const require = createRequire(import.meta.url);
  for (const name of ['node:http', 'node:https']) {
    const module = require(name) as Methods & { Server: { prototype: Methods } };
    unwrap(module.Server.prototype, 'emit');
    for (const method of WRAPPED_METHODS) unwrap(module, method);
  }
}

function unwrap(methods: Methods, name: string): void {
  for (let method = methods[name]; isWrapped(method); method = methods[name]) {
    (method as unknown as { __unwrap(): void }).__unwrap();
    if (methods[name] === method) return;
  }
}

/** Removes the subscribers of a channel. Node has no function that lists them. */
function unsubscribeAll(name: string): void {
  const of = channel(name);
  const { _subscribers: subscribers } = of as unknown as { _subscribers?: Parameters<typeof of.unsubscribe>[0][] };
  for (const subscriber of [...(subscribers ?? [])]) of.unsubscribe(subscriber);
}

/** Shuts down a provider of the second SDK. Its exporters export nothing more, because they are under names of another service. */
async function shutDown(provider: object): Promise<void> {
  silenceExporters(provider);
  const target = provider as { shutdown?: () => Promise<void> };
  try {
    await target.shutdown?.();
  } catch {
    // Its telemetry is not wanted.
  }
  // It may register its own end of the process.
  target.shutdown = async () => {};
}

/** The number of objects among which the exporters of a provider are looked for. */
const MAX_OBJECTS = 100_000;

/** Replaces `export` of all exporters that an object holds. The SDK has no function that lists them. */
function silenceExporters(root: object): void {
  const found = new Set<object>([root]);
  for (const value of found) {
    const exporter = value as { export?: unknown; shutdown?: unknown };
    if (typeof exporter.export === 'function' && typeof exporter.shutdown === 'function') {
      exporter.export = (_: unknown, done: (result: { code: number }) => void) =>
        done({ code: ExportResultCode.SUCCESS });
      continue;
    }
    for (const part of value instanceof Map ? value.values() : Object.values(value)) {
      if (typeof part === 'object' && part !== null && found.size < MAX_OBJECTS) found.add(part);
    }
  }
}
