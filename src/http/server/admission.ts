import type { Middleware } from 'koa';
import { Problem } from '../../platform/problems.ts';
import { isHealthCheck, type RequestState } from './context.ts';

/**
 * Returns a middleware that rejects requests (503) while `limit` requests are in progress. Health checks are exempt.
 *
 * @param noun the plural noun for these requests in the problem's detail
 */
export function limitInFlight(limit: number, noun: 'requests' | 'messages'): Middleware<RequestState> {
  let inFlight = 0;
  return async function limitInFlight(ctx, next) {
    if (isHealthCheck(ctx)) return next();
    if (inFlight >= limit) {
      throw new Problem('overloaded', `${limit} ${noun} are in progress, the maximum. Retry later.`, {
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
