import type { Attributes } from '@opentelemetry/api';
import { ATTR_HTTP_REQUEST_METHOD, ATTR_URL_SCHEME } from '@opentelemetry/semantic-conventions';
import type { Middleware } from 'koa';
import { normalizeMethod } from '../../telemetry/http-attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { traceIds } from '../../telemetry/tracing.ts';
import { type RequestState, recordRoute } from './context.ts';

/**
 * Returns the first middleware. It sets the trace of a request in its state and in the headers of its response, records
 * its route, and counts active requests.
 *
 * @param activeRequests the counter of active requests, if the service has one
 */
export function traceRequest(activeRequests?: Instruments['activeRequests']): Middleware<RequestState> {
  const labelsOf = labelsByMethod();
  return async function traceRequest(ctx, next) {
    const ids = traceIds();
    ctx.state.trace = ids;
    // Koa's setter copies all headers of the response; Node's does not.
    ctx.res.setHeader('traceresponse', `00-${ids.traceId}-${ids.spanId}-${ids.flags}`);
    ctx.res.setHeader('x-trace-id', ids.traceId);
    const labels = labelsOf(normalizeMethod(ctx.method));
    activeRequests?.add(1, labels);
    try {
      await next();
    } finally {
      activeRequests?.add(-1, labels);
      recordRoute(ctx);
    }
  };
}

/**
 * Returns one frozen object of labels for each method. A counter finds the series of a frozen object by its identity.
 */
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
