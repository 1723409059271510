import { createHash, timingSafeEqual } from 'node:crypto';
import type { RouterContext } from '@koa/router';
import { type Attributes, SpanStatusCode, trace } from '@opentelemetry/api';
import { ATTR_HTTP_REQUEST_METHOD, ATTR_URL_SCHEME } from '@opentelemetry/semantic-conventions';
import type { Middleware } from 'koa';
import { inferenceError, Problem, problemDetails, toProblem } from '../../platform/problems.ts';
import { knownMethod } from '../../telemetry/http-method.ts';
import { exceptionAttributes } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE, LABEL } from '../../telemetry/names.ts';
import type { RequestContext, RequestState } from './request.ts';
import type { Service } from './service.ts';
import { nameRoute, nameTrace } from './trace-headers.ts';

const HEALTH = new Set(['/livez', '/readyz', '/v2/health/live', '/v2/health/ready']);
const INFERENCE_PROTOCOL = /^\/v2(?:\/|$)/;

/** Names the trace in every response, names the route in the server span, and counts requests in progress. */
export function followRequest({ instruments }: Service): Middleware<RequestState> {
  const labelsOf = labelsByMethod();
  return async function followRequest(ctx, next) {
    nameTrace(ctx);

    const attributes = labelsOf(knownMethod(ctx.method));
    instruments.activeRequests.add(1, attributes);
    try {
      await next();
    } finally {
      instruments.activeRequests.add(-1, attributes);
      nameRoute(ctx);
    }
  };
}

/** Made once a method: a counter finds frozen labels by their identity. */
function labelsByMethod(): (method: string) => Attributes {
  const known = new Map<string, Attributes>();
  return (method) => {
    let labels = known.get(method);
    if (labels === undefined) {
      labels = Object.freeze({ [ATTR_HTTP_REQUEST_METHOD]: method, [ATTR_URL_SCHEME]: 'http' });
      known.set(method, labels);
    }
    return labels;
  };
}

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

/** Refuses what comes without a known token, and what comes while too much is in progress; never a health check. */
export function admitRequest({ config }: Service): Middleware<RequestState> {
  const tokens = config.API_TOKENS?.map(digest);
  let inFlight = 0;
  return async function admitRequest(ctx, next) {
    if (HEALTH.has(ctx.path)) return next();
    if (tokens && !hasToken(ctx, tokens)) {
      throw new Problem('unauthorized', 'Send an "authorization: Bearer TOKEN" header with a token of this service.', {
        'www-authenticate': 'Bearer',
      });
    }
    if (inFlight >= config.MAX_IN_FLIGHT) {
      throw new Problem('overloaded', `${config.MAX_IN_FLIGHT} requests are in progress, the most allowed.`, {
        'retry-after': '1',
      });
    }
    inFlight++;
    try {
      await next();
    } finally {
      inFlight--;
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

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function hasToken(ctx: RequestContext, tokens: readonly Buffer[]): boolean {
  const token = /^Bearer +(\S+)$/i.exec(ctx.get('authorization'))?.[1];
  if (token === undefined) return false;
  const sent = digest(token);
  // Every token is compared, in constant time: how long it takes tells nothing about them.
  return tokens.filter((known) => timingSafeEqual(known, sent)).length > 0;
}
