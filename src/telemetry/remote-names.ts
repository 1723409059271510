import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_RESEND_COUNT,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_FULL,
} from '@opentelemetry/semantic-conventions';
import { GEN_AI, TOKEN_COUNTS } from './gen-ai-names.ts';
import type { MetricDefinition } from './metric-definition.ts';
import { LABEL } from './names.ts';

/** The attributes of the span of a request to an endpoint. */
export const ENDPOINT_ATTRIBUTE = {
  method: ATTR_HTTP_REQUEST_METHOD,
  status: ATTR_HTTP_RESPONSE_STATUS_CODE,
  resendCount: ATTR_HTTP_REQUEST_RESEND_COUNT,
  errorType: ATTR_ERROR_TYPE,
  serverAddress: ATTR_SERVER_ADDRESS,
  serverPort: ATTR_SERVER_PORT,
  url: ATTR_URL_FULL,
} as const;

/** 5 ms to a minute: a model server nearby answers in milliseconds, and a language model in seconds. */
const ENDPOINT_SECONDS = [5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The metrics that exist only with a model behind an endpoint. */
export const REMOTE_METRIC = {
  requests: {
    name: 'classifier.remote.requests',
    type: 'counter',
    unit: '{request}',
    description:
      'Requests to the endpoint of a model, by outcome: `answered`, or why there is no answer: `unreachable`, `failed`, `busy`, `refused`, `malformed`, `stopped` (at the deadline, or because the client left)',
    labels: [LABEL.model, LABEL.version, LABEL.outcome],
  },
  duration: {
    name: 'classifier.remote.duration',
    type: 'histogram',
    unit: 's',
    description: 'Duration of the requests to the endpoint of a model',
    labels: [LABEL.model, LABEL.version],
    boundaries: ENDPOINT_SECONDS,
  },
  tokens: {
    name: GEN_AI.tokenUsage,
    type: 'histogram',
    unit: '{token}',
    description: 'Tokens that a language model has read and written, by request',
    labels: [
      LABEL.model,
      LABEL.version,
      GEN_AI.operationName,
      GEN_AI.providerName,
      GEN_AI.requestModel,
      GEN_AI.tokenType,
    ],
    boundaries: TOKEN_COUNTS,
  },
  cost: {
    name: 'classifier.remote.cost',
    type: 'counter',
    unit: '',
    description: 'Cost of these tokens by the prices in the manifest, in the currency of the label',
    labels: [LABEL.model, LABEL.version, LABEL.currency],
  },
} as const satisfies Record<string, MetricDefinition>;
