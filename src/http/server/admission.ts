import type { Middleware } from 'koa';
import { Problem } from '../../platform/problems.ts';
import { isHealthCheck, type RequestState } from './context.ts';

/** The routes whose requests only compute. All others can wait for a disk or a lock. */
const COMPUTING_PATH = /^\/(?:predict(?:\/batch)?|v2\/models\/.*|messages)$/;

/** The share of the limit for requests that can wait, so that their wait never costs a prediction. */
const WAITING_SHARE = 0.25;

/**
 * Returns a middleware that rejects requests (503) while `limit` requests are in progress. Requests that can wait for a
 * disk or a lock, such as feedback, have a limit of their own: a quarter of `limit`. Health checks are exempt.
 *
 * @param noun the plural noun for these requests in the problem's detail
 */
export function limitInFlight(limit: number, noun: 'requests' | 'messages'): Middleware<RequestState> {
  const inFlight = { computing: 0, waiting: 0 };
  const limits = { computing: limit, waiting: Math.ceil(limit * WAITING_SHARE) };
  return async function limitInFlight(ctx, next) {
    if (isHealthCheck(ctx)) return next();
    const kind = COMPUTING_PATH.test(ctx.path) ? 'computing' : 'waiting';
    if (inFlight[kind] >= limits[kind]) {
      throw new Problem('overloaded', `${limits[kind]} ${noun} are in progress, the maximum. Retry later.`, {
        'retry-after': '1',
      });
    }
    inFlight[kind]++;
    try {
      await next();
    } finally {
      inFlight[kind]--;
    }
  };
}
