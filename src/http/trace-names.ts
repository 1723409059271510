import type { RouterContext } from '@koa/router';
import { context } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import { traceIds } from '../monitoring/trace-ids.ts';
import type { RequestContext } from './request.ts';

/** Names the trace of a request in its response, and for what comes after. */
export function nameTrace(ctx: RequestContext): void {
  const { traceId, spanId, sampled } = traceIds();
  ctx.state.trace = { traceId, spanId, sampled };
  ctx.set('traceresponse', `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`);
  ctx.set('x-trace-id', traceId);
}

/** Names the route of a request in its server span. */
export function nameRoute(ctx: RequestContext): void {
  const metadata = getRPCMetadata(context.active());
  const route = (ctx as Partial<RouterContext>)._matchedRoute;
  if (metadata && route !== undefined) metadata.route = String(route);
}
