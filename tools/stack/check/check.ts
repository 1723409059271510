import { eventually, logRecords, monitoredLatencies, promQuery, type Span, spansOf } from './queries.ts';
import { type Prediction, sendThroughGateway, type Traffic } from './traffic.ts';

/** The addresses of a running stack that the checks use. */
export interface CheckedUrls {
  gateway: string;
  jaeger: string;
  prometheus: string;
  victoriaLogs: string;
}

/** A check of a running stack. */
export interface Check {
  title: string;
  /** Set if the check fails where the Collector drops traces. */
  needsAllTraces?: true;
  /** Returns the result as a text, and throws if the check fails. */
  run: (urls: CheckedUrls, traffic: Traffic) => Promise<string>;
}

/** The checks that a mail can be traced through every part of the stack, in the order in which to run them. */
export const STACK_CHECKS: Check[] = [
  {
    title: 'real mails are answered, at least nine in ten correctly',
    run: async (_urls, traffic) => {
      for (let sent = 0; sent < traffic.mailCount; sent += 1) await traffic.send();
      const result = `${traffic.correct()} of ${traffic.mailCount} correct`;
      if (traffic.correct() < 0.9 * traffic.mailCount) throw new Error(result);
      return result;
    },
  },
  {
    title: 'Jaeger has each trace: POST /predict > classify > tokenize, score',
    needsAllTraces: true,
    run: async (urls, traffic) => {
      for (const { traceId } of traffic.predictions) await eventually(() => requireTrace(urls.jaeger, traceId));
      return `the last trace is ${traffic.predictions.at(-1)?.traceId}`;
    },
  },
  {
    title: 'VictoriaLogs has a log record of each prediction, with the same trace id',
    run: async (urls, traffic) => {
      for (const prediction of traffic.predictions) await eventually(() => requireLog(urls.victoriaLogs, prediction));
      return `${traffic.predictions.length} records`;
    },
  },
  {
    title: "Jaeger's metrics API returns a latency",
    run: (urls, traffic) =>
      eventually(async () => {
        // A rate needs a counter that changes between two scrapes.
        await traffic.send();
        const latest = (await monitoredLatencies(urls.jaeger, 'waymark', 0.95)).at(-1);
        if (latest === undefined) throw new Error('no 95th percentile of server spans yet');
        return `95 % of requests within ${(latest * 1000).toFixed(1)} ms`;
      }),
  },
  {
    title: 'classifier_predictions_total in Prometheus equals the number of sent mails',
    run: (urls, traffic) =>
      eventually(async () => {
        const [total] = await promQuery(urls.prometheus, 'sum(classifier_predictions_total)');
        const sent = traffic.predictions.length;
        if (total?.value !== sent) throw new Error(`Prometheus has ${total?.value ?? 'none'}, ${sent} were sent`);
        return `${sent}`;
      }),
  },
  {
    title: 'a mail through the gateway is one trace across both services',
    needsAllTraces: true,
    run: async (urls) => {
      const traceId = await sendThroughGateway(urls.gateway);
      await eventually(() => requireCrossing(urls.jaeger, traceId));
      return traceId;
    },
  },
];

/** Throws unless Jaeger has the complete trace of a single prediction, with the correct parents. */
export async function requireTrace(jaeger: string, traceId: string): Promise<void> {
  const spans = await spansOf(jaeger, traceId);
  const server = requireSpan(spans, 'POST /predict', undefined);
  if (!server.tags.some(({ key, value }) => key === 'span.kind' && value === 'server')) {
    throw new Error(`POST /predict in trace ${traceId} is not a SERVER span`);
  }
  const classify = requireSpan(spans, 'classify', server);
  requireSpan(spans, 'tokenize', classify);
  requireSpan(spans, 'score', classify);
}

/** Throws unless Jaeger has a trace that leads from the gateway's request to the service's prediction. */
async function requireCrossing(jaeger: string, traceId: string): Promise<void> {
  const spans = await spansOf(jaeger, traceId);
  const message = requireSpan(spans, 'POST /messages', undefined);
  const request = requireSpan(spans, 'POST', message);
  const server = requireSpan(spans, 'POST /predict', request);
  requireSpan(spans, 'classify', server);
  if (message.service === server.service) throw new Error(`both ends of trace ${traceId} are ${message.service}`);
}

function requireSpan(spans: Span[], name: string, parent: Span | undefined): Span {
  const parentId = (span: Span) => span.references.find(({ refType }) => refType === 'CHILD_OF')?.spanID;
  const span = spans.find(({ operationName }) => operationName === name);
  if (!span)
    throw new Error(`no span ${name} among: ${spans.map(({ operationName }) => operationName).join(', ') || 'none'}`);
  if (parentId(span) !== parent?.spanID)
    throw new Error(`span ${name} is not a child of ${parent?.operationName ?? 'nothing'}`);
  return span;
}

async function requireLog(victoriaLogs: string, { traceId, id }: Prediction): Promise<void> {
  const records = await logRecords(victoriaLogs, `trace_id:=${traceId}`);
  if (!records.some((record) => Object.values(record).includes(id))) {
    throw new Error(`no record of prediction ${id} among the ${records.length} log records of trace ${traceId}`);
  }
}
