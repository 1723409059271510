import type { Middleware } from 'koa';
import { Problem } from '../../platform/problems.ts';
import type { OtlpResourceSpans, OtlpSpan, TraceLog } from '../../recent/trace-answer.ts';
import { exceptionAttributes } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../../telemetry/names.ts';
import { stringParameter } from '../routes/parameters.ts';
import type { RequestContext, RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { askWorkers, restrict } from './filters.ts';
import { readJaegerTrace } from './jaeger-traces.ts';
import { readTraceLogs } from './trace-logs.ts';

const TRACE_ID = /^[0-9a-f]{32}$/;

/** `GET /traces/{traceId}`: returns a trace from the memory and from Jaeger, as OTLP JSON. */
export function showTrace(service: Service): Middleware<RequestState> {
  return async (ctx) => {
    const traceId = traceParameter(ctx);
    const withLogs = flagParameter(ctx, 'logs');
    const [remembered, stored, logs] = await Promise.all([
      readMemory(service, ctx, traceId),
      readStored(service, ctx, traceId),
      withLogs ? readLogs(service, ctx, traceId) : undefined,
    ]);
    const resourceSpans = mergeTraces(stored.resourceSpans, remembered.resourceSpans);
    if (resourceSpans.length === 0) {
      throw new Problem('trace-not-found', `${remembered.description} ${stored.description}`);
    }
    ctx.set('x-waymark-trace-source', stored.resourceSpans.length > 0 ? 'jaeger' : 'memory');
    ctx.body = { resourceSpans, ...(logs && { logs }) };
  };
}

async function readMemory({ config, ...service }: Service, ctx: RequestContext, traceId: string) {
  const serviceName = config.OTEL_SERVICE_NAME;
  const filters = restrict(ctx, {});
  const { answers } = await askWorkers(service, { kind: 'trace', traceId, serviceName, filters });
  const kept = answers.reduce((sum, answer) => sum + answer.kept, 0);
  const since = new Date(Math.min(...answers.map((answer) => answer.since))).toISOString();
  return {
    resourceSpans: answers.flatMap((answer) => answer.resourceSpans),
    description: `The service remembers ${kept} predictions since ${since}, and none of them has this trace id.`,
  };
}

/** Reads a trace from Jaeger. A token that is limited to models sees none, because a trace may have other models. */
async function readStored({ config, log }: Service, ctx: RequestContext, traceId: string) {
  const url = config.JAEGER_QUERY_URL;
  if (url === undefined) {
    return { resourceSpans: [], description: 'Set JAEGER_QUERY_URL to look in Jaeger too.' };
  }
  if (ctx.state.caller?.models) {
    return { resourceSpans: [], description: 'A token that is limited to models cannot read traces of Jaeger.' };
  }
  try {
    return { resourceSpans: await readJaegerTrace(url, traceId), description: 'Jaeger does not have it either.' };
  } catch (error) {
    log.warn('trace not read', { [ATTRIBUTE.url]: url, ...exceptionAttributes(error) });
    return { resourceSpans: [], description: 'Jaeger could not be asked. The log has the reason.' };
  }
}

async function readLogs(
  { config, log }: Service,
  ctx: RequestContext,
  traceId: string,
): Promise<TraceLog[] | undefined> {
  const url = config.VICTORIALOGS_URL;
  if (url === undefined || ctx.state.caller?.models) return undefined;
  try {
    return await readTraceLogs(url, traceId);
  } catch (error) {
    log.warn('trace not read', { [ATTRIBUTE.url]: url, ...exceptionAttributes(error) });
    return undefined;
  }
}

/**
 * Merges the spans of Jaeger and of the memory by their ids. A step whose real span is in Jaeger is left out of the memory's: the
 * memory does not know its id.
 */
export function mergeTraces(
  stored: readonly OtlpResourceSpans[],
  remembered: readonly OtlpResourceSpans[],
): OtlpResourceSpans[] {
  const known = spansOf(stored);
  const ids = new Set(known.map(({ spanId }) => spanId));
  const steps = new Set(known.map(stepOf));
  const isNew = (span: OtlpSpan) =>
    !ids.has(span.spanId) && !(span.parentSpanId !== undefined && steps.has(stepOf(span)));
  const added = remembered
    .map(({ resource, scopeSpans }) => ({
      ...(resource && { resource }),
      scopeSpans: scopeSpans
        .map((scope) => ({ ...scope, spans: scope.spans.filter(isNew) }))
        .filter(({ spans }) => spans.length > 0),
    }))
    .filter(({ scopeSpans }) => scopeSpans.length > 0);
  return [...stored, ...added];
}

/** Names a child of a span. A prediction has one child of each name. */
function stepOf({ parentSpanId, name }: OtlpSpan): string {
  return `${parentSpanId} ${name}`;
}

function spansOf(traces: readonly OtlpResourceSpans[]): OtlpSpan[] {
  return traces.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

function traceParameter(ctx: RequestContext): string {
  const { traceId } = (ctx as RequestContext & { params: { traceId: string } }).params;
  if (TRACE_ID.test(traceId)) return traceId;
  throw new Problem('invalid-request', 'A trace id has 32 hexadecimal digits, in lower case.');
}

function flagParameter(ctx: RequestContext, name: string): boolean {
  const value = stringParameter(ctx, name);
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw new Problem('invalid-request', `The parameter "${name}" must be true or false.`);
}
