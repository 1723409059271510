import type { RouterContext } from '@koa/router';
import { nameServedRoute } from '../../telemetry/served-route.ts';
import { traceIds } from '../../telemetry/trace-ids.ts';
import type { RequestContext } from './request.ts';

/** Names the trace of a request in its response, and for what comes after. */
export function nameTrace(ctx: RequestContext): void {
  const trace = traceIds();
  ctx.state.trace = trace;
  // Past Koa's own setter, which makes lists of its headers.
  ctx.res.setHeader('traceresponse', `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? '01' : '00'}`);
  ctx.res.setHeader('x-trace-id', trace.traceId);
}

/** Names the route of a request for its server span. */
export function nameRoute(ctx: RequestContext): void {
  const route = (ctx as Partial<RouterContext>)._matchedRoute;
  if (route !== undefined) nameServedRoute(ctx.res, String(route));
}
