import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { Middleware } from 'koa';
import { ProblemError } from '../../packages/client/src/errors.ts';
import type { RequestState } from '../http/server/request.ts';
import { nameRoute, nameTrace } from '../http/server/trace-headers.ts';
import { Problem, problemDetails, toProblem } from '../platform/problems.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';

/** Names the trace in every response, and the route in the server span. */
export function followGatewayRequest(): Middleware<RequestState> {
  return async function followGatewayRequest(ctx, next) {
    nameTrace(ctx);
    try {
      await next();
    } finally {
      nameRoute(ctx);
    }
  };
}

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

/** Refuses a message while so many others are held in memory. */
export function limitInFlight(limit: number): Middleware<RequestState> {
  let inFlight = 0;
  return async function limitInFlight(_ctx, next) {
    if (inFlight >= limit) {
      throw new Problem('overloaded', `${limit} messages are in progress, the most allowed.`, { 'retry-after': '1' });
    }
    inFlight++;
    try {
      await next();
    } finally {
      inFlight--;
    }
  };
}
