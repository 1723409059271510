import type { RouterContext } from '@koa/router';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { Middleware } from 'koa';
import { inferenceError, Problem, type ProblemDetails, problemDetails, toProblem } from '../../platform/problems.ts';
import type { StorageFolders } from '../../platform/storage-errors.ts';
import { inputExceptionAttributes, type Log } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE, LABEL } from '../../telemetry/names.ts';
import type { RequestContext, RequestState } from './context.ts';
import type { Service } from './service.ts';

const INFERENCE_PATH = /^\/v2(?:\/|$)/;
/** A probe polls these paths until they answer 200. Its 503 in the meantime is an answer, and no error. */
const READINESS_PATH = /^\/(?:readyz|v2\/health\/ready)\/?$/i;

/** Returns the middleware that converts each error to a response with problem details, and counts it, unless it answers a poll. */
export function answerProblems({ config, log, instruments }: Service): Middleware<RequestState> {
  return async function answerProblems(ctx, next) {
    try {
      await next();
    } catch (error) {
      const problem = reportProblem(error, log, config);
      const isPoll = problem.type === 'not-ready' && READINESS_PATH.test(ctx.path);
      if (!isPoll) instruments.errors.add(1, { [LABEL.errorType]: problem.type });
      if (ctx.state.recent) ctx.state.recent.errorType = problem.type;
      if (INFERENCE_PATH.test(ctx.path)) {
        Object.assign(ctx, inferenceError(problem));
        setErrorHeaders(ctx, problem.headers);
      } else {
        answerDetails(ctx, problemDetails(problem, ctx.state.trace.traceId), problem.headers);
      }
    }
  };
}

/**
 * Converts an error to the problem for the client. An error that is not a problem is logged and recorded in the span.
 *
 * @param folders the folders that the service writes
 */
export function reportProblem(error: unknown, log: Log, folders?: StorageFolders): Problem {
  const problem = toProblem(error, folders);
  if (problem !== error) {
    log.error('request failed', inputExceptionAttributes(error));
    trace.getActiveSpan()?.setStatus({ code: SpanStatusCode.ERROR }).setAttribute(ATTRIBUTE.errorType, problem.type);
  }
  return problem;
}

/** Answers with problem details. */
export function answerDetails(
  ctx: RequestContext,
  details: ProblemDetails,
  headers: Readonly<Record<string, string>> = {},
): void {
  ctx.status = details.status;
  ctx.body = details;
  ctx.type = 'application/problem+json';
  setErrorHeaders(ctx, headers);
}

function setErrorHeaders(ctx: RequestContext, headers: Readonly<Record<string, string>>): void {
  ctx.set(headers);
  // Node would keep the connection open and read the rest of the body.
  if (!ctx.req.complete) ctx.set('connection', 'close');
}

/**
 * Returns the last middleware, for requests that no route took. It answers 405 with the methods of the path, or 404.
 *
 * @param hints the detail of the 404 by path, for paths that clients try
 * @param noRoute the detail of the 404 of other paths
 */
export function rejectUnrouted(
  hints: ReadonlyMap<string, string>,
  noRoute = 'There is no such route. GET /docs lists the routes.',
): Middleware<RequestState> {
  return function rejectUnrouted(ctx) {
    const { matched = [] } = ctx as Partial<RouterContext>;
    const methods = [...new Set(matched.flatMap((layer) => layer.methods))];
    if (methods.length === 0) {
      throw new Problem('route-not-found', hints.get(ctx.path) ?? noRoute);
    }
    const allow = methods.join(', ');
    throw new Problem('method-not-allowed', `This route answers ${allow} only.`, { allow });
  };
}
