import { type IncomingHttpHeaders, type IncomingMessage, Server, type ServerResponse } from 'node:http';
import { Server as SecureServer } from 'node:https';
import {
  type Attributes,
  type Context,
  context,
  type Histogram,
  propagation,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { InstrumentationBase } from '@opentelemetry/instrumentation';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
  METRIC_HTTP_SERVER_REQUEST_DURATION,
} from '@opentelemetry/semantic-conventions';
import { getCallerName, getServedRoute, isSyntheticRequest, normalizeMethod } from '../http-attributes.ts';
import { instrumentOptions } from '../metric-definition.ts';
import { ATTRIBUTE, METRIC } from '../names.ts';
import { readCallerTrace } from './incoming-trace.ts';
import { linkedRoot } from './linked-context.ts';

/** The instrumentation scope of server spans. */
export const SERVER_SCOPE = 'waymark/http-server';

type Emit = (event: string, ...args: unknown[]) => boolean;

/** The headers of the default propagators. `OTEL_PROPAGATORS` can select others. */
const W3C_FIELDS = new Set(['traceparent', 'tracestate', 'baggage']);

const serverSpanOptions: SpanOptions = { kind: SpanKind.SERVER };
const withoutCaller: ReturnType<typeof readCallerTrace> = { parentScope: linkedRoot };

/** A request in progress: the data for its span and its metric. */
interface Exchange {
  readonly span: Span;
  readonly scope: Context;
  readonly method: string;
  readonly httpVersion: string;
  readonly isEncrypted: boolean;
  readonly peerAddress: string | undefined;
  readonly peerPort: number | undefined;
  readonly started: number;
}

/** The data that requests with the same method, version, status and route share. */
interface RequestKind {
  readonly method: string;
  readonly httpVersion: string;
  readonly isEncrypted: boolean;
  readonly status: number | undefined;
  readonly route: string | undefined;
  readonly spanName: string;
  /** The attributes of the span, with places for the address and the port of the peer. */
  readonly attributes: Attributes;
  /** The labels of the metric. They are frozen, so that the histogram finds them by identity. */
  readonly labels: Attributes;
}

/**
 * Creates server spans and `http.server.request.duration` by the semantic conventions. It replaces instrumentation-http for
 * two reasons:
 * - It records a fixed list of attributes. Instrumentation-http records much that a client decides: path, query, host, user
 *   agent, forwarded addresses.
 * - It costs less, because it parses no address and wraps no listener of request and response.
 */
export class ServerInstrumentation extends InstrumentationBase {
  readonly #ignoredPort: number;
  readonly #isTrusted: (request: IncomingMessage) => boolean;
  #duration: Histogram | undefined;
  readonly #kinds = new Map<string, RequestKind>();
  #lastKind: RequestKind | undefined;
  /** True if all propagators are W3C ones. The first request sets it, because the SDK has started by then. */
  #isW3c: boolean | undefined;

  /**
   * @param ignoredPort the port of `/metrics`, because a scrape is not a request to the service
   * @param isTrusted returns whether the trace of a request is continued
   */
  constructor(ignoredPort: number, isTrusted: (request: IncomingMessage) => boolean) {
    // It is enabled when it is registered: the constructor of the base class runs before the fields exist.
    super(SERVER_SCOPE, '1', { enabled: false });
    this.#ignoredPort = ignoredPort;
    this.#isTrusted = isTrusted;
  }

  protected override init(): void {}

  /** Patches the servers directly: a hook on their modules has no effect if another SDK had one in this process before. */
  override enable(): void {
    super.enable();
    for (const { prototype } of [Server, SecureServer]) {
      this._wrap(prototype, 'emit', (emit: unknown) => this.#patch(emit as Emit));
    }
  }

  override disable(): void {
    super.disable();
    for (const { prototype } of [Server, SecureServer]) this._unwrap(prototype, 'emit');
  }

  #patch(emit: Emit): Emit {
    const traceRequest = (server: Server, request: IncomingMessage, response: ServerResponse) =>
      this.#trace(emit, server, request, response);
    const instrumentation = this;
    return function patchedEmit(this: Server, event, ...args) {
      if (event !== 'request') return emit.call(this, event, ...args);
      const [request, response] = args as [IncomingMessage, ServerResponse];
      if (request.socket.localPort === instrumentation.#ignoredPort) return emit.call(this, event, ...args);
      return traceRequest(this, request, response);
    };
  }

  #trace(emit: Emit, server: Server, request: IncomingMessage, response: ServerResponse): boolean {
    const { headers, httpVersion, socket } = request;
    const { parentScope, links } = this.#hasTraceHeaders(headers)
      ? readCallerTrace(headers, this.#isTrusted(request))
      : withoutCaller;
    const method = normalizeMethod(request.method);
    const options = links === undefined ? serverSpanOptions : { ...serverSpanOptions, links };
    const span = this.tracer.startSpan(method, options, parentScope);
    const scope = trace.setSpan(parentScope, span);
    // Read here, because a closed socket no longer has them.
    const { remoteAddress: peerAddress, remotePort: peerPort } = socket;
    const isEncrypted = 'encrypted' in socket;
    const exchange = {
      span,
      scope,
      method,
      httpVersion,
      isEncrypted,
      peerAddress,
      peerPort,
      started: performance.now(),
    };
    response.on('close', () => this.#finish(response, exchange));
    return context.with(scope, () => emit.call(server, 'request', request, response));
  }

  /** Returns whether a request can have a trace context. The propagators would take longer to find none. */
  #hasTraceHeaders(headers: IncomingHttpHeaders): boolean {
    this.#isW3c ??= propagation.fields().every((field) => W3C_FIELDS.has(field));
    return !this.#isW3c || headers['traceparent'] !== undefined || headers['baggage'] !== undefined;
  }

  #finish(response: ServerResponse, exchange: Exchange): void {
    const seconds = (performance.now() - exchange.started) / 1000;
    // If the client disconnected first, no status was sent.
    const status = response.headersSent ? response.statusCode : undefined;
    const kind = this.#kindOf(exchange, status, getServedRoute(response));
    endSpan(exchange, kind, getCallerName(response), isSyntheticRequest(response));
    this.#duration ??= this.meter.createHistogram(
      METRIC_HTTP_SERVER_REQUEST_DURATION,
      instrumentOptions(METRIC.requestDuration),
    );
    this.#duration.record(seconds, kind.labels, exchange.scope);
  }

  /** Returns the shared data of a request. Most requests are of the same kind as the previous one. */
  #kindOf(
    { method, httpVersion, isEncrypted }: Exchange,
    status: number | undefined,
    route: string | undefined,
  ): RequestKind {
    const last = this.#lastKind;
    const isSameKind = last?.route === route && last?.status === status && last?.method === method;
    if (last && isSameKind && last.httpVersion === httpVersion && last.isEncrypted === isEncrypted) return last;
    const key = `${method} ${httpVersion} ${isEncrypted} ${status} ${route}`;
    const kind = this.#kinds.get(key) ?? describeKind(method, httpVersion, isEncrypted, status, route);
    this.#kinds.set(key, kind);
    this.#lastKind = kind;
    return kind;
  }
}

function describeKind(
  method: string,
  httpVersion: string,
  isEncrypted: boolean,
  status: number | undefined,
  route: string | undefined,
): RequestKind {
  const errorType = errorTypeOf(status);
  const request = {
    [ATTR_HTTP_REQUEST_METHOD]: method,
    [ATTR_URL_SCHEME]: isEncrypted ? 'https' : 'http',
    [ATTR_NETWORK_PROTOCOL_VERSION]: httpVersion,
  };
  const response = {
    ...(status !== undefined && { [ATTR_HTTP_RESPONSE_STATUS_CODE]: status }),
    ...(route !== undefined && { [ATTR_HTTP_ROUTE]: route }),
  };
  const error = errorType !== undefined && { [ATTR_ERROR_TYPE]: errorType };
  return {
    method,
    httpVersion,
    isEncrypted,
    status,
    route,
    spanName: route === undefined ? method : `${method} ${route}`,
    labels: Object.freeze({ ...request, ...response, ...error }),
    attributes: {
      ...request,
      [ATTR_NETWORK_PEER_ADDRESS]: '',
      [ATTR_NETWORK_PEER_PORT]: 0,
      ...response,
      // A client can put anything into the real path.
      ...(route !== undefined && { [ATTR_URL_PATH]: route }),
      ...error,
    },
  };
}

function endSpan(
  { span, peerAddress, peerPort }: Exchange,
  { spanName, status, attributes }: RequestKind,
  caller: string | undefined,
  isSynthetic: boolean,
): void {
  if (!span.isRecording()) return;
  span.updateName(spanName);
  const spanAttributes = { ...attributes };
  spanAttributes[ATTR_NETWORK_PEER_ADDRESS] = peerAddress;
  spanAttributes[ATTR_NETWORK_PEER_PORT] = peerPort;
  if (caller !== undefined) spanAttributes[ATTRIBUTE.caller] = caller;
  if (isSynthetic) spanAttributes[ATTRIBUTE.syntheticType] = 'test';
  span.setAttributes(spanAttributes);
  if (status !== undefined && status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** Returns `error.type` by the semantic conventions: the status of a server error, or `aborted` without a status. */
function errorTypeOf(status: number | undefined): string | undefined {
  if (status === undefined) return 'aborted';
  return status >= 500 ? String(status) : undefined;
}
