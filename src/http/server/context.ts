import type { RouterContext } from '@koa/router';
import type Koa from 'koa';
import { Problem } from '../../platform/problems.ts';
import { setServedRoute } from '../../telemetry/http-attributes.ts';
import { type TraceIds, traceIds } from '../../telemetry/tracing.ts';

/** The state that the first middleware sets for the routes. */
export interface RequestState {
  trace: TraceIds;
}

export type RequestContext = Koa.ParameterizedContext<RequestState>;

const HEALTH_PATHS = new Set(['/livez', '/readyz', '/v2/health/live', '/v2/health/ready']);

/** Tells whether a request is a health check. Health checks need no token and are never refused because of load. */
export function isHealthCheck(ctx: RequestContext): boolean {
  return HEALTH_PATHS.has(ctx.path);
}

/** Sets the trace of a request in its state and in the headers of its response. */
export function setTrace(ctx: RequestContext): void {
  const trace = traceIds();
  ctx.state.trace = trace;
  // Koa's own setter copies the whole list of headers; Node's does not.
  ctx.res.setHeader('traceresponse', `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? '01' : '00'}`);
  ctx.res.setHeader('x-trace-id', trace.traceId);
}

/** Records the matched route of a request for its server span and its metrics. */
export function recordRoute(ctx: RequestContext): void {
  const route = (ctx as Partial<RouterContext>)._matchedRoute;
  if (route !== undefined) setServedRoute(ctx.res, String(route));
}

/** Returns a signal that aborts when the client closes the connection before its response is complete. */
export function whileClientWaits({ res }: RequestContext): AbortSignal {
  const controller = new AbortController();
  const abort = () => controller.abort(new Problem('request-aborted', 'The connection was closed before the answer.'));
  if (res.closed) abort();
  else res.once('close', abort);
  return controller.signal;
}

const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Answers with JSON that is already a string. The response is written directly: Koa would determine its type and length and
 * remove earlier headers, which costs time and changes nothing here.
 */
export function answerJson(ctx: RequestContext, json: string): void {
  const { res } = ctx;
  ctx.respond = false;
  res.statusCode = 200;
  res.setHeader('content-type', JSON_TYPE);
  res.setHeader('content-length', Buffer.byteLength(json));
  res.end(json);
}
