import type { Middleware } from 'koa';
import { Problem } from '../../platform/problems.ts';
import { compileFilters, FilterError } from '../../recent/queries/row-filters.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { filterParameters } from './filters.ts';
import { createStreamHub, MAX_STREAMS } from './stream-hub.ts';

/**
 * `GET /predictions/stream`: sends predictions, feedback and measurements as they come, one JSON object a line. The handler
 * returns before the first message, so that an open page takes no place of `MAX_IN_FLIGHT`.
 */
export function streamPredictions(service: Service): Middleware<RequestState> {
  const hub = createStreamHub(service);
  return async (ctx) => {
    const filters = filterParameters(ctx, []);
    try {
      compileFilters(filters);
    } catch (error) {
      if (error instanceof FilterError) throw new Problem('invalid-request', error.message);
      throw error;
    }
    const { res } = ctx;
    if (ctx.method === 'HEAD') {
      ctx.status = 200;
      return;
    }
    res.setHeader('content-type', 'application/x-ndjson; charset=utf-8');
    res.setHeader('cache-control', 'no-store');
    // A proxy such as nginx would collect the lines before it passes them on.
    res.setHeader('x-accel-buffering', 'no');
    if (!(await hub.add(res, filters))) {
      const detail = `${MAX_STREAMS} streams are open, the maximum of this process. Close one, or try again later.`;
      throw new Problem('overloaded', detail, { 'retry-after': '5' });
    }
    ctx.respond = false;
    res.statusCode = 200;
    res.flushHeaders();
  };
}
