import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
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
import { InstrumentationBase, InstrumentationNodeModuleDefinition } from '@opentelemetry/instrumentation';
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
import { getServedRoute, normalizeMethod } from '../http-attributes.ts';
import { instrumentOptions } from '../metric-definition.ts';
import { METRIC } from '../names.ts';
import { linkedRoot } from './linked-context.ts';

/** Whose the server spans are. */
export const SERVER_SCOPE = 'waymark/http-server';

const SCHEME = 'http';

type Emit = (event: string, ...args: unknown[]) => boolean;

/** The member of `tracestate` that says with which probability a trace was sampled, and nothing else. */
const SAMPLING_STATE =
  /(?:^|,)[ \t]*(ot=(?:th:[0-9a-f]{1,14}|rv:[0-9a-f]{14})(?:;(?:th:[0-9a-f]{1,14}|rv:[0-9a-f]{14}))?)[ \t]*(?:,|$)/;

/** What the propagators read that are the default; `OTEL_PROPAGATORS` may ask for others. */
const W3C_FIELDS = new Set(['traceparent', 'tracestate', 'baggage']);

const KIND: SpanOptions = { kind: SpanKind.SERVER };

/** A request that is being served: what its span and its metric will tell. */
interface Exchange {
  readonly span: Span;
  readonly scope: Context;
  readonly method: string;
  readonly httpVersion: string;
  readonly peerAddress: string | undefined;
  readonly peerPort: number | undefined;
  readonly started: number;
}

/** What requests that are alike have in common. */
interface Kind {
  readonly method: string;
  readonly httpVersion: string;
  readonly status: number | undefined;
  readonly route: string | undefined;
  readonly spanName: string;
  /** Of the span, with places for the address and the port of the peer. */
  readonly attributes: Attributes;
  /** Of the metric: a histogram finds frozen ones by identity. */
  readonly labels: Attributes;
}

/**
 * Server spans and `http.server.request.duration` by the semantic conventions, in place of instrumentation-http:
 * - It tells what it was made to tell. That one tells all that it knows, and a client decides much of that: path,
 *   query, host, user agent, forwarded addresses.
 * - It costs less: no address is parsed, and no listener of request and response is wrapped.
 */
export class ServerInstrumentation extends InstrumentationBase {
  readonly #ignoredPort: number;
  #duration: Histogram | undefined;
  readonly #kinds = new Map<string, Kind>();
  #lastKind: Kind | undefined;
  /** Known with the first request: there is no propagator before the SDK has started. */
  #isW3c: boolean | undefined;

  /** @param ignoredPort of a server whose requests are not to be followed: a scrape is not a request to the service */
  constructor(ignoredPort: number) {
    super(SERVER_SCOPE, '1', {});
    this.#ignoredPort = ignoredPort;
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    const patch = (emit: unknown) => this.#patch(emit as Emit);
    return new InstrumentationNodeModuleDefinition(
      'http',
      ['*'],
      (http: { Server: typeof Server }) => {
        this._wrap(http.Server.prototype, 'emit', patch);
        return http;
      },
      (http: { Server: typeof Server }) => this._unwrap(http.Server.prototype, 'emit'),
    );
  }

  #patch(emit: Emit): Emit {
    const follow = (server: Server, request: IncomingMessage, response: ServerResponse) =>
      this.#follow(emit, server, request, response);
    const ignored = this;
    return function patchedEmit(this: Server, event, ...args) {
      if (event !== 'request') return emit.call(this, event, ...args);
      const [request, response] = args as [IncomingMessage, ServerResponse];
      if (request.socket.localPort === ignored.#ignoredPort) return emit.call(this, event, ...args);
      return follow(this, request, response);
    };
  }

  #follow(emit: Emit, server: Server, request: IncomingMessage, response: ServerResponse): boolean {
    const { headers, httpVersion, socket } = request;
    keepSamplingState(headers);
    const caller = this.#isFromTraced(headers) ? propagation.extract(linkedRoot, headers) : linkedRoot;
    const method = normalizeMethod(request.method);
    const span = this.tracer.startSpan(method, KIND, caller);
    const scope = trace.setSpan(caller, span);
    // Now: a socket that is closed no longer knows them.
    const { remoteAddress: peerAddress, remotePort: peerPort } = socket;
    const exchange = { span, scope, method, httpVersion, peerAddress, peerPort, started: performance.now() };
    response.on('close', () => this.#finish(response, exchange));
    return context.with(scope, () => emit.call(server, 'request', request, response));
  }

  /** Whether a caller may have said anything of its trace; propagators take longer to find that it did not. */
  #isFromTraced(headers: IncomingHttpHeaders): boolean {
    this.#isW3c ??= propagation.fields().every((field) => W3C_FIELDS.has(field));
    return !this.#isW3c || headers['traceparent'] !== undefined || headers['baggage'] !== undefined;
  }

  #finish(response: ServerResponse, exchange: Exchange): void {
    const seconds = (performance.now() - exchange.started) / 1000;
    // Where the client went away first, no status was sent.
    const status = response.headersSent ? response.statusCode : undefined;
    const kind = this.#kindOf(exchange, status, getServedRoute(response));
    endSpan(exchange, kind);
    this.#duration ??= this.meter.createHistogram(
      METRIC_HTTP_SERVER_REQUEST_DURATION,
      instrumentOptions(METRIC.requestDuration),
    );
    this.#duration.record(seconds, kind.labels, exchange.scope);
  }

  /** Made once for all requests that are alike; most are like the one before. */
  #kindOf({ method, httpVersion }: Exchange, status: number | undefined, route: string | undefined): Kind {
    const last = this.#lastKind;
    const isLikeLast = last?.route === route && last?.status === status && last?.method === method;
    if (last && isLikeLast && last.httpVersion === httpVersion) return last;
    const key = `${method} ${httpVersion} ${status} ${route}`;
    const kind = this.#kinds.get(key) ?? describeKind(method, httpVersion, status, route);
    this.#kinds.set(key, kind);
    this.#lastKind = kind;
    return kind;
  }
}

function describeKind(
  method: string,
  httpVersion: string,
  status: number | undefined,
  route: string | undefined,
): Kind {
  const errorType = errorTypeOf(status);
  const request = {
    [ATTR_HTTP_REQUEST_METHOD]: method,
    [ATTR_URL_SCHEME]: SCHEME,
    [ATTR_NETWORK_PROTOCOL_VERSION]: httpVersion,
  };
  const answer = {
    ...(status !== undefined && { [ATTR_HTTP_RESPONSE_STATUS_CODE]: status }),
    ...(route !== undefined && { [ATTR_HTTP_ROUTE]: route }),
  };
  const error = errorType !== undefined && { [ATTR_ERROR_TYPE]: errorType };
  return {
    method,
    httpVersion,
    status,
    route,
    spanName: route === undefined ? method : `${method} ${route}`,
    labels: Object.freeze({ ...request, ...answer, ...error }),
    attributes: {
      ...request,
      [ATTR_NETWORK_PEER_ADDRESS]: '',
      [ATTR_NETWORK_PEER_PORT]: 0,
      ...answer,
      // The real path could hold anything.
      ...(route !== undefined && { [ATTR_URL_PATH]: route }),
      ...error,
    },
  };
}

function endSpan({ span, peerAddress, peerPort }: Exchange, { spanName, status, attributes }: Kind): void {
  if (!span.isRecording()) return;
  span.updateName(spanName);
  const described = { ...attributes };
  described[ATTR_NETWORK_PEER_ADDRESS] = peerAddress;
  described[ATTR_NETWORK_PEER_PORT] = peerPort;
  span.setAttributes(described);
  if (status !== undefined && status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** What went wrong, by the semantic conventions: the status of a server's error, or why there was none. */
function errorTypeOf(status: number | undefined): string | undefined {
  if (status === undefined) return 'aborted';
  return status >= 500 ? String(status) : undefined;
}

/** Leaves of `tracestate`, which becomes part of every span of the trace, what sampling needs. */
export function keepSamplingState(headers: IncomingHttpHeaders): void {
  const state = headers['tracestate'];
  if (state === undefined) return;
  const sampling = SAMPLING_STATE.exec(String(state))?.[1];
  if (sampling === undefined) delete headers['tracestate'];
  else headers['tracestate'] = sampling;
}
