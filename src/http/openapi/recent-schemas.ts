import { z } from 'zod';

const share = z.number().min(0).max(1);
const count = z.int().nonnegative();
const seconds = z.number().nonnegative();
const time = z.iso.datetime();
const traceId = z.string().regex(/^[0-9a-f]{32}$/);
const spanId = z.string().regex(/^[0-9a-f]{16}$/);

const feedback = z.object({ label: z.string(), source: z.enum(['truth', 'review', 'report']), correct: z.boolean() });

const row = z
  .object({
    id: z.string().nullable().meta({ description: 'The signed id of the prediction' }),
    traceId,
    spanId: spanId.meta({ description: 'The `classify` span; the server span of a failed request' }),
    time: time.meta({ description: 'The start of the request' }),
    route: z.string(),
    model: z.string().nullable(),
    version: z.string().nullable(),
    role: z.enum(['active', 'canary', 'named']).nullable(),
    prediction: z.string().nullable(),
    confidence: share.nullable(),
    characters: count.nullable(),
    tokens: count.nullable(),
    unknownRatio: share.nullable(),
    script: z.string().optional().meta({ description: 'The script of most letters' }),
    tokenizeSeconds: seconds.nullable(),
    scoreSeconds: seconds.nullable(),
    requestSeconds: seconds,
    status: count.meta({ description: '0 if the client disconnected before the response' }),
    errorType: z.string().optional(),
    anomalies: z.array(z.string()),
    worker: z.int().positive(),
    review: z.boolean(),
    abstained: z
      .boolean()
      .meta({ description: 'The confidence was below the minimum of the request or of the policy' }),
    synthetic: z.boolean().meta({ description: 'The request was marked as one of a load test' }),
    shadow: z.object({ version: z.string(), prediction: z.string() }).optional(),
    feedback: feedback.optional(),
    process: z
      .object({
        inFlight: count,
        eventLoopDelaySeconds: seconds,
        gcSeconds: seconds,
        batch: z.boolean(),
        retraining: z.boolean(),
        coldVersion: z.boolean(),
      })
      .meta({ description: 'The state of the process at that moment' }),
    kept: z
      .array(z.enum(['recent', 'slow', 'error', 'anomaly', 'wrong']))
      .meta({ description: 'The reasons why the service still has the row' }),
    text: z.string().optional().meta({ description: 'Only with `CAPTURE_TEXT`' }),
  })
  .meta({ description: 'A prediction, or a failed request. What the request did not reach is null.' });

const measurements = {
  requestsPerSecond: z.number().nonnegative(),
  errorsPerSecond: z.number().nonnegative(),
  p50Seconds: seconds.nullable(),
  p95Seconds: seconds.nullable(),
  p99Seconds: seconds.nullable(),
  cpuRatio: z.number().nonnegative(),
  memoryBytes: z.number().nonnegative(),
  eventLoopDelaySeconds: seconds,
};

const event = z.object({
  time,
  kind: z.enum(['role', 'retrain', 'worker', 'start']),
  model: z.string().optional(),
  version: z.string().optional(),
  role: z.string().optional(),
  detail: z.string(),
});

const span = z.looseObject({
  traceId,
  spanId,
  parentSpanId: spanId.optional(),
  name: z.string(),
  kind: z.int(),
  startTimeUnixNano: z.string(),
  endTimeUnixNano: z.string(),
});

const log = z.object({
  time: z.string(),
  severity: z.string(),
  body: z.string(),
  spanId: z.string().optional(),
  attributes: z.record(z.string(), z.string()),
});

const finding = z.object({
  conditions: z
    .array(z.object({ attribute: z.string(), value: z.string() }))
    .meta({ description: 'One or two conditions. They are filters of `GET /predictions` too' }),
  selectionShare: share,
  baselineShare: share,
  ratio: z.number().nullable().meta({ description: 'Null if the baseline has no such prediction' }),
  interval: z
    .array(z.number().nullable())
    .length(2)
    .meta({ description: 'The 95 % interval of the ratio; the upper end is null if it is unlimited' }),
  coverage: share.meta({ description: 'The same as `selectionShare`' }),
  pValue: share.meta({ description: 'How often a random selection has a finding as strong as this' }),
  score: z.number(),
  count: count.meta({ description: 'The number of predictions of the selection' }),
  traces: z.array(traceId).max(3),
  medianSeconds: seconds,
  p99Seconds: seconds,
  promql: z.string().optional(),
});

/** The answer of `GET /predictions`. */
export const predictionsAnswer = z.object({
  predictions: z.array(row).meta({ description: 'Latest first' }),
  kept: z.object({
    rows: count,
    of: count.meta({ description: 'The number of all predictions since `since`' }),
    since: time,
  }),
  workers: z.object({ asked: count, answered: count }),
});

/** A line of `GET /predictions/stream`. */
export const streamMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('predictions'), predictions: z.array(row).max(100), skipped: count }),
  z.object({
    kind: z.literal('process'),
    time,
    workers: z.array(z.object({ worker: z.int().positive(), ...measurements, inFlight: count })),
  }),
  z.object({ kind: z.literal('feedback'), id: z.string(), feedback: feedback.nullable() }),
]);

/** The answer of `GET /process/history`. */
export const processHistory = z.object({
  stepSeconds: z.number(),
  points: z.array(z.object({ time, ...measurements })).meta({ description: 'Oldest first' }),
  events: z.array(event),
});

/** The answer of `GET /traces/{traceId}`. */
export const traceAnswer = z.object({
  resourceSpans: z.array(z.looseObject({ scopeSpans: z.array(z.looseObject({ spans: z.array(span) })) })),
  logs: z.array(log).optional(),
});

/** The answer of `POST /compare`. */
export const comparison = z.object({
  selection: count,
  baseline: count,
  findings: z.array(finding).meta({ description: 'Strongest first' }),
  changes: z
    .array(z.object({ time, kind: z.enum(['role', 'retrain', 'worker', 'start', 'traffic']), detail: z.string() }))
    .meta({ description: 'What changed in the window of the selection. Only a change can be a likely cause' }),
  restated: z.array(z.string()).meta({ description: 'Attributes that only restate the selection' }),
  chance: share.meta({ description: 'How often a random selection has a slice as strong as the strongest here' }),
  seconds,
});

/** The answer of `GET /console/settings`. */
export const consoleSettings = z.object({
  jaegerUiUrl: z.string().nullable(),
  prometheusUrl: z.string().nullable(),
  grafanaUrl: z.string().nullable(),
  captureText: z.boolean(),
  defaultModel: z.string(),
  tokens: z.boolean(),
  jaegerQuery: z.boolean(),
  logs: z.boolean(),
  version: z.string(),
  replica: z
    .string()
    .nullable()
    .meta({ description: 'The host name of the replica that answers; null without `DATABASE_URL`' }),
});
