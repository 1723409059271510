import type { RouterContext } from '@koa/router';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { Middleware } from 'koa';
import { inferenceError, Problem, problemDetails, toProblem } from '../../platform/problems.ts';
import { exceptionAttributes } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE, LABEL } from '../../telemetry/names.ts';
import type { RequestState } from './context.ts';
import type { Service } from './service.ts';

const INFERENCE_PROTOCOL = /^\/v2(?:\/|$)/;

/** The one place where an error becomes a response. */
export function answerProblems({ log, instruments }: Service): Middleware<RequestState> {
  return async function answerProblems(ctx, next) {
    try {
      await next();
    } catch (error) {
      const problem = toProblem(error);
      if (problem !== error) {
        log.error('request failed', exceptionAttributes(error));
        trace
          .getActiveSpan()
          ?.setStatus({ code: SpanStatusCode.ERROR })
          .setAttribute(ATTRIBUTE.errorType, problem.type);
      }
      instruments.errors.add(1, { [LABEL.errorType]: problem.type });
      ctx.set(problem.headers);
      if (!ctx.req.complete) ctx.set('connection', 'close');
      if (INFERENCE_PROTOCOL.test(ctx.path)) Object.assign(ctx, inferenceError(problem));
      else {
        ctx.status = problem.status;
        ctx.body = problemDetails(problem, ctx.state.trace.traceId);
        ctx.type = 'application/problem+json';
      }
    }
  };
}

/** Answers what no route took: 404, or 405 with the methods that the path does answer. */
export function refuseUnrouted(): Middleware<RequestState> {
  return function refuseUnrouted(ctx) {
    const { matched = [] } = ctx as Partial<RouterContext>;
    const methods = [...new Set(matched.flatMap((layer) => layer.methods))];
    if (methods.length === 0) throw new Problem('route-not-found', 'There is no such route; see the documentation.');
    const allow = methods.join(', ');
    throw new Problem('method-not-allowed', `This route answers ${allow} only.`, { allow });
  };
}
