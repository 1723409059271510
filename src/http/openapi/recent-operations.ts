import { z } from 'zod';
import { FILTER_PARAMETERS } from '../../recent/queries/row-filters.ts';
import { compareBody } from '../console/compare.ts';
import { BODY_PROBLEMS, type NamedSchemas, type Operation, type Parameter } from './operation.ts';
import {
  comparison,
  consoleSettings,
  predictionsAnswer,
  processHistory,
  streamMessage,
  traceAnswer,
} from './recent-schemas.ts';

const FILTER_HELP =
  'A filter may be repeated: one of the values must match. `!` before a value negates it, and `not set` matches a missing value. A number is `min..max`, where one end may be missing.';

/** Examples of filters by their parameter. */
const EXAMPLES: Readonly<Record<string, string>> = {
  model: 'spam',
  version: '1',
  prediction: 'spam',
  requestSeconds: '0.01..',
  confidence: '..0.6',
  anomaly: 'unknown_words',
  kept: 'slow',
  correct: 'false',
};

const filters: readonly Parameter[] = FILTER_PARAMETERS.map((name) => ({
  name,
  in: 'query',
  description: 'A filter',
  schema: z.union([z.string(), z.array(z.string())]),
  ...(EXAMPLES[name] !== undefined && { example: EXAMPLES[name] }),
}));

/** The operations of the memory of predictions, which the console reads. */
export const recentOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/predictions',
    id: 'listPredictions',
    tag: 'Memory',
    summary: 'Returns the latest predictions that the service remembers',
    description: FILTER_HELP,
    parameters: [
      {
        name: 'limit',
        in: 'query',
        description: 'The most predictions; default 200',
        schema: z.int().min(1).max(10_000),
        example: 50,
      },
      {
        name: 'before',
        in: 'query',
        description: 'Only predictions before this time',
        schema: z.iso.datetime({ offset: true }),
        example: '2026-11-26T12:00:00Z',
      },
      ...filters,
    ],
    response: { description: 'The predictions', schema: predictionsAnswer },
    problems: ['invalid-request'],
  },
  {
    method: 'get',
    path: '/predictions/stream',
    id: 'streamPredictions',
    tag: 'Memory',
    summary: 'Sends predictions, feedback and measurements as they come, one JSON object a line',
    description: `Each line is a \`StreamMessage\`: predictions at most 4 times a second and 100 each time, measurements once a second. A slow reader is not waited for: what it is not sent is counted in \`skipped\`. ${FILTER_HELP}`,
    parameters: filters,
    response: { description: 'Lines of JSON', type: 'application/x-ndjson' },
    problems: ['invalid-request', 'overloaded'],
  },
  {
    method: 'get',
    path: '/process/history',
    id: 'showProcessHistory',
    tag: 'Memory',
    summary: 'Returns measurements of the last hour in steps of ten seconds, and what changed',
    parameters: [
      {
        name: 'minutes',
        in: 'query',
        description: 'The length of the history; default 60',
        schema: z.int().min(1).max(60),
        example: 15,
      },
    ],
    response: { description: 'The measurements', schema: processHistory },
    problems: ['invalid-request'],
  },
  {
    method: 'get',
    path: '/traces/{traceId}',
    id: 'showTrace',
    tag: 'Memory',
    summary: 'Returns a trace as OTLP JSON, from the memory and from Jaeger',
    description:
      'The header `x-waymark-trace-source` is `memory` or `jaeger`. Jaeger is asked if `JAEGER_QUERY_URL` is set.',
    parameters: [
      {
        name: 'traceId',
        in: 'path',
        description: 'The id of the trace',
        schema: z.string().regex(/^[0-9a-f]{32}$/),
        example: 'bb92fd999c489c169a13f46d0b9e45dc',
      },
      {
        name: 'logs',
        in: 'query',
        description: 'With `true` and `VICTORIALOGS_URL`, adds the log records of the trace',
        schema: z.enum(['true', 'false', '']),
        example: 'true',
      },
    ],
    response: { description: 'The trace', schema: traceAnswer },
    problems: ['trace-not-found', 'invalid-request'],
  },
  {
    method: 'post',
    path: '/compare',
    id: 'comparePredictions',
    tag: 'Memory',
    summary: 'Says what is different about some predictions',
    description:
      'Compares the selected predictions with the baseline. Without a baseline: with all others; for a selection by time alone, with the time before, four times as long; for a selection by feedback, with others that have feedback. The filters are those of `GET /predictions`.',
    request: {
      schema: compareBody,
      examples: {
        'slow predictions': { selection: { requestSeconds: '0.05..' } },
        'wrong ones of a model': { selection: { model: 'spam', correct: 'false' } },
      },
    },
    response: { description: 'The differences', schema: comparison },
    problems: [...BODY_PROBLEMS, 'overloaded'],
  },
  {
    method: 'get',
    path: '/console/settings',
    id: 'showConsoleSettings',
    tag: 'Memory',
    summary: 'Returns the settings that the console depends on',
    response: { description: 'The settings', schema: consoleSettings },
    problems: [],
  },
];

/** The named schemas of these operations. */
export const recentSchemas: NamedSchemas = {
  CompareRequest: compareBody,
  Comparison: comparison,
  StreamMessage: streamMessage,
};
