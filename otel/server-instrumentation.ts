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
import { RPCType, setRPCMetadata } from '@opentelemetry/core';
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
import { METRIC } from '../src/monitoring/telemetry.ts';

type Emit = (event: string, ...args: unknown[]) => boolean;

/** The member of `tracestate` that says with which probability a trace was sampled, and nothing else. */
const SAMPLING_STATE =
  /(?:^|,)[ \t]*(ot=(?:th:[0-9a-f]{1,14}|rv:[0-9a-f]{14})(?:;(?:th:[0-9a-f]{1,14}|rv:[0-9a-f]{14}))?)[ \t]*(?:,|$)/;

/** A request that is being served: what its span and its metric will tell. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly span: Span;
  readonly scope: Context;
  /** Set by the service once a route has taken the request. */
  readonly rpc: { type: RPCType.HTTP; span: Span; route?: string };
  readonly attributes: Attributes;
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
    keepSamplingState(request.headers);
    const caller = propagation.extract(ROOT_CONTEXT, request.headers);
    const method = knownMethod(request.method);
    const attributes: Attributes = {
      [ATTR_HTTP_REQUEST_METHOD]: method,
      [ATTR_URL_SCHEME]: 'http',
      [ATTR_NETWORK_PROTOCOL_VERSION]: request.httpVersion,
    };
    const { remoteAddress, remotePort } = request.socket;
    const span = this.tracer.startSpan(
      method,
      {
        kind: SpanKind.SERVER,
        attributes: { ...attributes, [ATTR_NETWORK_PEER_ADDRESS]: remoteAddress, [ATTR_NETWORK_PEER_PORT]: remotePort },
      },
      caller,
    );
    const rpc: Exchange['rpc'] = { type: RPCType.HTTP, span };
    const scope = setRPCMetadata(trace.setSpan(caller, span), rpc);
    const exchange = { request, response, span, scope, rpc, attributes, started: performance.now() };
    response.once('close', () => this.#finish(exchange));
    return context.with(scope, serve);
  }

  #finish({ response, span, scope, rpc, attributes, started }: Exchange): void {
    const seconds = (performance.now() - started) / 1000;
    const { statusCode } = response;
    attributes[ATTR_HTTP_RESPONSE_STATUS_CODE] = statusCode;
    span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, statusCode);
    if (rpc.route !== undefined) {
      attributes[ATTR_HTTP_ROUTE] = rpc.route;
      span.setAttribute(ATTR_HTTP_ROUTE, rpc.route);
      // The real path could hold anything.
      span.setAttribute(ATTR_URL_PATH, rpc.route);
      span.updateName(`${String(attributes[ATTR_HTTP_REQUEST_METHOD])} ${rpc.route}`);
    }
    if (statusCode >= 500) {
      attributes[ATTR_ERROR_TYPE] = String(statusCode);
      span.setAttribute(ATTR_ERROR_TYPE, String(statusCode));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
    this.#duration ??= this.meter.createHistogram(METRIC_HTTP_SERVER_REQUEST_DURATION, {
      unit: METRIC.requestDuration.unit,
      description: METRIC.requestDuration.description,
      advice: { explicitBucketBoundaries: [...METRIC.requestDuration.boundaries] },
    });
    this.#duration.record(seconds, attributes, scope);
  }
}

/** Leaves of `tracestate`, which becomes part of every span of the trace, what sampling needs. */
export function keepSamplingState(headers: IncomingHttpHeaders): void {
  const state = headers['tracestate'];
  if (state === undefined) return;
  const sampling = SAMPLING_STATE.exec(String(state))?.[1];
  if (sampling === undefined) delete headers['tracestate'];
  else headers['tracestate'] = sampling;
}
