import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { Middleware } from 'koa';
import { ProblemError } from '../../packages/client/src/errors.ts';
import type { RequestState } from '../http/server/context.ts';
import { problemDetails, toProblem } from '../platform/problems.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';

/** Answers errors with problem details. What the classification service refused is passed on as it said it. */
export function answerGatewayProblems(log: Log): Middleware<RequestState> {
  return async function answerGatewayProblems(ctx, next) {
    try {
      await next();
    } catch (error) {
      const { traceId } = ctx.state.trace;
      if (error instanceof ProblemError && error.status < 500) {
        const { problem, title, status, message: detail } = error;
        ctx.status = status;
        ctx.body = { type: `urn:waymark:problem:${problem}`, title, status, detail, traceId };
      } else {
        const problem = toProblem(error);
        if (problem !== error) {
          log.error('request failed', exceptionAttributes(error));
          trace.getActiveSpan()?.setStatus({ code: SpanStatusCode.ERROR });
        }
        ctx.status = problem.status;
        ctx.set(problem.headers);
        ctx.body = problemDetails(problem, traceId);
      }
      if (!ctx.req.complete) ctx.set('connection', 'close');
      ctx.type = 'application/problem+json';
    }
  };
}
