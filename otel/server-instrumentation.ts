import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import {
  type Attributes,
  type Context,
  context,
  type Histogram,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
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
import { knownMethod } from '../src/monitoring/http-method.ts';
import { servedRoute } from '../src/monitoring/served-route.ts';
import { METRIC } from '../src/monitoring/telemetry.ts';

const SCHEME = 'http';

type Emit = (event: string, ...args: unknown[]) => boolean;

/** The member of `tracestate` that says with which probability a trace was sampled, and nothing else. */
const SAMPLING_STATE =
  /(?:^|,)[ \t]*(ot=(?:th:[0-9a-f]{1,14}|rv:[0-9a-f]{14})(?:;(?:th:[0-9a-f]{1,14}|rv:[0-9a-f]{14}))?)[ \t]*(?:,|$)/;

/** A request that is being served: what its span and its metric will tell. */
interface Exchange {
  readonly span: Span;
  readonly scope: Context;
  readonly method: string;
  readonly httpVersion: string;
  readonly started: number;
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
  readonly #labelsOf = new Map<string, Attributes>();

  /** @param ignoredPort of a server whose requests are not to be followed: a scrape is not a request to the service */
  constructor(ignoredPort: number) {
    super('waymark/http-server', '1', {});
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
      this.#follow(request, response, () => emit.call(server, 'request', request, response));
    const ignored = this;
    return function patchedEmit(this: Server, event, ...args) {
      if (event !== 'request') return emit.call(this, event, ...args);
      const [request, response] = args as [IncomingMessage, ServerResponse];
      if (request.socket.localPort === ignored.#ignoredPort) return emit.call(this, event, ...args);
      return follow(this, request, response);
    };
  }

  #follow(request: IncomingMessage, response: ServerResponse, serve: () => boolean): boolean {
    const { headers, httpVersion, socket } = request;
    keepSamplingState(headers);
    const caller = propagation.extract(ROOT_CONTEXT, headers);
    const method = knownMethod(request.method);
    const attributes: Attributes = {
      [ATTR_HTTP_REQUEST_METHOD]: method,
      [ATTR_URL_SCHEME]: SCHEME,
      [ATTR_NETWORK_PROTOCOL_VERSION]: httpVersion,
      [ATTR_NETWORK_PEER_ADDRESS]: socket.remoteAddress,
      [ATTR_NETWORK_PEER_PORT]: socket.remotePort,
    };
    const span = this.tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, caller);
    const scope = trace.setSpan(caller, span);
    const exchange = { span, scope, method, httpVersion, started: performance.now() };
    response.on('close', () => this.#finish(response, exchange));
    return context.with(scope, serve);
  }

  #finish(response: ServerResponse, { span, scope, method, httpVersion, started }: Exchange): void {
    const seconds = (performance.now() - started) / 1000;
    // Where the client went away first, no status was sent.
    const status = response.headersSent ? response.statusCode : undefined;
    const route = servedRoute(response);
    if (status !== undefined) span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status);
    if (route !== undefined) {
      span.setAttribute(ATTR_HTTP_ROUTE, route);
      // The real path could hold anything.
      span.setAttribute(ATTR_URL_PATH, route);
      span.updateName(`${method} ${route}`);
    }
    const errorType = errorTypeOf(status);
    if (errorType !== undefined) span.setAttribute(ATTR_ERROR_TYPE, errorType);
    if (status !== undefined && status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
    this.#duration ??= this.meter.createHistogram(METRIC_HTTP_SERVER_REQUEST_DURATION, {
      unit: METRIC.requestDuration.unit,
      description: METRIC.requestDuration.description,
      advice: { explicitBucketBoundaries: [...METRIC.requestDuration.boundaries] },
    });
    this.#duration.record(seconds, this.#labels(method, httpVersion, status, route), scope);
  }

  /** The labels of the metric, made once for all requests that are alike: a histogram finds frozen ones by identity. */
  #labels(method: string, httpVersion: string, status: number | undefined, route: string | undefined): Attributes {
    const key = `${method} ${httpVersion} ${status} ${route}`;
    const known = this.#labelsOf.get(key);
    if (known !== undefined) return known;
    const errorType = errorTypeOf(status);
    const labels: Attributes = {
      [ATTR_HTTP_REQUEST_METHOD]: method,
      [ATTR_URL_SCHEME]: SCHEME,
      [ATTR_NETWORK_PROTOCOL_VERSION]: httpVersion,
      ...(status !== undefined && { [ATTR_HTTP_RESPONSE_STATUS_CODE]: status }),
      ...(route !== undefined && { [ATTR_HTTP_ROUTE]: route }),
      ...(errorType !== undefined && { [ATTR_ERROR_TYPE]: errorType }),
    };
    this.#labelsOf.set(key, Object.freeze(labels));
    return labels;
  }
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
