import type { IncomingMessage } from 'node:http';
import type { Attributes } from '@opentelemetry/api';
import { ATTR_HTTP_REQUEST_METHOD, ATTR_URL_SCHEME } from '@opentelemetry/semantic-conventions';
import type { Middleware } from 'koa';
import { Problem, problemDetails } from '../../platform/problems.ts';
import type { RequestTracker } from '../../recent/history/request-tracker.ts';
import { normalizeMethod } from '../../telemetry/http-attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { traceIds } from '../../telemetry/tracing.ts';
import { answerDetails } from './answer-problems.ts';
import { type RequestContext, type RequestState, recordRoute } from './context.ts';

/**
 * Returns the first middleware. It sets the trace of a request in its state and in the headers of its response, records
 * its route, and counts active requests.
 *
 * @param activeRequests the counter that observes the active requests, if the service has one
 * @param tracker follows the requests for predictions, if the service remembers them
 */
export function traceRequest(
  activeRequests?: Instruments['activeRequests'],
  tracker?: RequestTracker,
): Middleware<RequestState> {
  const activeOf = countByMethod(activeRequests);
  return async function traceRequest(ctx, next) {
    const ids = traceIds();
    ctx.state.trace = ids;
    // Koa's setter copies all headers of the response; Node's does not.
    ctx.res.setHeader('traceresponse', `00-${ids.traceId}-${ids.spanId}-${ids.flags}`);
    ctx.res.setHeader('x-trace-id', ids.traceId);
    if (!hasOwnPath(ctx.req)) {
      // Koa would parse the target again for each use, and quote it in its errors.
      answerDetails(ctx, problemDetails(malformedTarget, ids.traceId));
      return;
    }
    const active = activeOf(normalizeMethod(ctx.method));
    active.count += 1;
    const request = tracker?.start(ctx.method, ctx.path, ids.traceId, ids.spanId, performance.now());
    if (request) ctx.state.recent = request;
    try {
      await next();
    } finally {
      active.count -= 1;
      recordRoute(ctx);
      if (request) {
        const now = performance.now();
        tracker?.end(request, statusOf(ctx), now, Date.now() - now);
      }
    }
  };
}

/** Returns the status of the response, or 0 if the client disconnected before it. */
function statusOf({ res }: RequestContext): number {
  return res.destroyed && !res.writableEnded ? 0 : res.statusCode;
}

const malformedTarget = new Problem(
  'malformed-request',
  'The target of the request is neither a path nor an http URL.',
);

/** Matches the beginning of an absolute target. Proxies send such targets. */
const ABSOLUTE = /^https?:\/\/[^/?#]/i;

/**
 * Returns whether the target of a request is a path, `*`, or an absolute URL, and replaces an absolute URL by its path.
 */
function hasOwnPath(request: IncomingMessage): boolean {
  const { url = '' } = request;
  if (url.startsWith('/') || url === '*') return true;
  if (!ABSOLUTE.test(url) || !URL.canParse(url)) return false;
  const { pathname, search } = new URL(url);
  request.url = pathname + search;
  return true;
}

/** The active requests of one method. */
interface ActiveRequests {
  readonly labels: Attributes;
  count: number;
}

/**
 * Returns a function that finds the active requests of a method. The counter observes them when metrics are collected: a
 * counter of the SDK that adds up itself looks for its series twice for each request, which costs 1 % of its CPU time.
 */
function countByMethod(counter: Instruments['activeRequests'] | undefined): (method: string) => ActiveRequests {
  const known = new Map<string, ActiveRequests>();
  counter?.addCallback((result) => {
    for (const { count, labels } of known.values()) result.observe(count, labels);
  });
  return (method) => {
    let active = known.get(method);
    if (active === undefined) {
      active = { labels: { [ATTR_HTTP_REQUEST_METHOD]: method, [ATTR_URL_SCHEME]: 'http' }, count: 0 };
      known.set(method, active);
    }
    return active;
  };
}
