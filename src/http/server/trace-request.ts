import type { Attributes } from '@opentelemetry/api';
import { ATTR_HTTP_REQUEST_METHOD, ATTR_URL_SCHEME } from '@opentelemetry/semantic-conventions';
import type { Middleware } from 'koa';
import { normalizeMethod } from '../../telemetry/http-attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { type RequestState, recordRoute, setTrace } from './context.ts';

/**
 * Returns the first middleware: it sets the trace of a request, records its route, and counts active requests.
 *
 * @param activeRequests the counter of active requests, where the service has one
 */
export function traceRequest(activeRequests?: Instruments['activeRequests']): Middleware<RequestState> {
  const labelsOf = labelsByMethod();
  return async function traceRequest(ctx, next) {
    setTrace(ctx);
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

/** Returns frozen labels for each method: a counter finds frozen labels by their identity. */
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
