import type { IncomingHttpHeaders } from 'node:http';
import { type Attributes, context } from '@opentelemetry/api';
import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node';
import { getRPCMetadata } from '@opentelemetry/core';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import {
  ATTR_CLIENT_ADDRESS,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_PATH,
  ATTR_URL_QUERY,
  ATTR_USER_AGENT_ORIGINAL,
} from '@opentelemetry/semantic-conventions';

/**
 * What a client can fill with anything: path and query, the headers `Host`, `User-Agent`, `Forwarded` and
 * `X-Forwarded-*`, the method. The instrumentation would put it into the server span as it comes.
 */
const SAID_BY_CLIENTS: Attributes = {
  [ATTR_URL_PATH]: undefined,
  [ATTR_URL_QUERY]: undefined,
  [ATTR_USER_AGENT_ORIGINAL]: undefined,
  [ATTR_SERVER_ADDRESS]: undefined,
  [ATTR_SERVER_PORT]: undefined,
  [ATTR_CLIENT_ADDRESS]: undefined,
  [ATTR_HTTP_REQUEST_METHOD_ORIGINAL]: undefined,
};

/** The member of `tracestate` that says with which probability a trace was sampled, and nothing else. */
const SAMPLING_STATE =
  /(?:^|,)[ \t]*(ot=(?:th:[0-9a-f]{1,14}|rv:[0-9a-f]{14})(?:;(?:th:[0-9a-f]{1,14}|rv:[0-9a-f]{14}))?)[ \t]*(?:,|$)/;

/** What measures and traces by itself; `OTEL_NODE_ENABLED_INSTRUMENTATIONS` says which of these are on. */
export function instrumentations(metricsPort: number): Instrumentation[] {
  return getNodeAutoInstrumentations({
    '@opentelemetry/instrumentation-http': {
      // A scrape is not a request to the service.
      ignoreIncomingRequestHook: ({ socket }) => socket.localPort === metricsPort,
      startIncomingSpanHook: (request) => {
        keepSamplingState(request.headers);
        return SAID_BY_CLIENTS;
      },
      applyCustomAttributesOnSpan: (span) => {
        const route = getRPCMetadata(context.active())?.route;
        if (route !== undefined) span.setAttribute(ATTR_URL_PATH, route);
      },
      // Only the exporters go out by node:http, and they are not to be followed.
      disableOutgoingRequestInstrumentation: true,
    },
    '@opentelemetry/instrumentation-host-metrics': {
      enabled: true,
      metricGroups: ['process.cpu', 'process.memory'],
    },
  });
}

/** Leaves of `tracestate`, which becomes part of every span of the trace, what sampling needs. */
export function keepSamplingState(headers: IncomingHttpHeaders): void {
  const state = headers['tracestate'];
  if (state === undefined) return;
  const sampling = SAMPLING_STATE.exec(String(state))?.[1];
  if (sampling === undefined) delete headers['tracestate'];
  else headers['tracestate'] = sampling;
}
