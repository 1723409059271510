import type { RouterContext } from '@koa/router';
import type Koa from 'koa';
import type { Model } from '../../models/store.ts';
import { Problem } from '../../platform/problems.ts';
import type { RecentRequest } from '../../recent/memory/recent-request.ts';
import { isDeferred } from '../../runtimes/runtime.ts';
import { setServedRoute } from '../../telemetry/http-attributes.ts';
import type { TraceIds } from '../../telemetry/tracing.ts';
import type { Admission } from './admission.ts';
import type { Caller } from './caller.ts';

/** The state of a request, set by the first middleware. */
export interface RequestState {
  trace: TraceIds;
  /** The share that the request holds of `MAX_IN_FLIGHT` and `MAX_BYTES_IN_FLIGHT`, if its route is limited. */
  admission?: Admission;
  /** The owner of the token, if the service has tokens and the route needs one. */
  caller?: Caller;
  /** The request in the memory of predictions, if it is for predictions. */
  recent?: RecentRequest;
}

/** The Koa context of a request. */
export type RequestContext = Koa.ParameterizedContext<RequestState>;

/** Matches the paths of health checks as the router does: in any case, and with a slash at the end. */
const HEALTH_PATH = /^\/(?:livez|readyz|v2\/health\/(?:live|ready))\/?$/i;

/** Returns whether a path is a health check. Health checks need no token and are not limited by `MAX_IN_FLIGHT`. */
export function isHealthCheck({ path }: { readonly path: string }): boolean {
  return HEALTH_PATH.test(path);
}

/** Records the matched route of a request, for its server span and its metrics. */
export function recordRoute(ctx: RequestContext): void {
  const route = (ctx as Partial<RouterContext>)._matchedRoute;
  if (route !== undefined) setServedRoute(ctx.res, String(route));
}

/** Returns a signal that aborts if the client closes the connection before the response is complete. */
export function disconnectSignal({ res }: RequestContext): AbortSignal {
  const controller = new AbortController();
  const abort = () =>
    controller.abort(new Problem('request-aborted', 'The connection was closed before the response.'));
  if (res.closed) abort();
  else res.once('close', abort);
  return controller.signal;
}

/** Returns the signal of a disconnected client for a model that works on another thread. Other models answer at once. */
export function deferredSignal(
  ctx: RequestContext,
  { classifier }: Pick<Model, 'classifier'>,
): AbortSignal | undefined {
  return isDeferred(classifier) ? disconnectSignal(ctx) : undefined;
}

/**
 * Answers with JSON that is already a string. The response is written without Koa, which would determine the type and
 * the length and remove earlier headers. That costs time and changes nothing here.
 */
export function answerJson(ctx: RequestContext, json: string): void {
  const { res } = ctx;
  ctx.respond = false;
  res.statusCode = 200;
  res.setHeader('content-type', 'application/json; charset=utf-8');
  res.setHeader('content-length', Buffer.byteLength(json));
  res.end(json);
}
