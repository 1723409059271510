import { z } from 'zod';
import type { OtlpResourceSpans, OtlpSpan } from '../../recent/trace-answer.ts';
import { fetchBounded, urlBelow } from './fetch-bounded.ts';

interface OtlpValue {
  stringValue?: string | undefined;
  intValue?: string | number | undefined;
  doubleValue?: number | undefined;
  boolValue?: boolean | undefined;
  arrayValue?: { values?: OtlpValue[] | undefined } | undefined;
}

const value: z.ZodType<OtlpValue> = z.lazy(() =>
  z.object({
    stringValue: z.string().optional(),
    intValue: z.union([z.string(), z.number()]).optional(),
    doubleValue: z.number().optional(),
    boolValue: z.boolean().optional(),
    arrayValue: z.object({ values: z.array(value).optional() }).optional(),
  }),
);
const attributes = z.array(z.object({ key: z.string(), value })).optional();
const nanoseconds = z.union([z.string(), z.number()]).transform(String);
const kinds = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'].map(
  (kind) => `SPAN_KIND_${kind}`,
);
const codes = ['UNSET', 'OK', 'ERROR'].map((code) => `STATUS_CODE_${code}`);
/** JSON of protocol buffers may have the name of an enumeration's value, or its number. */
const named = (names: readonly string[]) =>
  z
    .union([z.number(), z.string()])
    .transform((one) => (typeof one === 'number' ? one : Math.max(0, names.indexOf(one))));
/** Ids are hexadecimal in OTLP, and base64 in plain JSON of protocol buffers. */
const id = (bytes: number) =>
  z
    .string()
    .transform((one) => (one.length === 2 * bytes ? one.toLowerCase() : Buffer.from(one, 'base64').toString('hex')));

const span = z.object({
  traceId: id(16),
  spanId: id(8),
  parentSpanId: id(8)
    .optional()
    .transform((parent) => (parent === undefined || /^0*$/.test(parent) ? undefined : parent)),
  name: z.string(),
  kind: named(kinds).optional(),
  startTimeUnixNano: nanoseconds,
  endTimeUnixNano: nanoseconds,
  attributes,
  events: z.array(z.object({ name: z.string().optional(), timeUnixNano: nanoseconds, attributes })).optional(),
  links: z.array(z.object({ traceId: id(16), spanId: id(8), attributes })).optional(),
  status: z.object({ code: named(codes).optional(), message: z.string().optional() }).optional(),
});

const resourceSpans = z.object({
  resource: z.object({ attributes }).optional(),
  scopeSpans: z
    .array(z.object({ scope: z.object({ name: z.string().optional() }).optional(), spans: z.array(span).optional() }))
    .optional(),
});

/** A part of the answer of `/api/v3/traces/{id}`. A long trace comes in several parts. */
const part = z.object({
  result: z.object({ resourceSpans: z.array(resourceSpans).optional() }).optional(),
});

/**
 * Reads a trace from the query API of Jaeger, version 3.
 *
 * @returns no spans if Jaeger does not have the trace
 * @throws {Error} if Jaeger cannot be asked, or answers in another form
 */
export async function readJaegerTrace(jaegerUrl: string, traceId: string): Promise<OtlpResourceSpans[]> {
  const { status, text } = await fetchBounded(urlBelow(jaegerUrl, `api/v3/traces/${traceId}`));
  if (status === 404) return [];
  if (status !== 200) throw new Error(`Jaeger answered ${status}.`);
  return splitJson(text).flatMap((json) => {
    const { result } = part.parse(JSON.parse(json));
    return (result?.resourceSpans ?? []).map(({ resource, scopeSpans = [] }) => ({
      resource: withoutUndefined({ attributes: resource?.attributes }),
      scopeSpans: scopeSpans.map(({ scope, spans = [] }) => ({
        scope: withoutUndefined({ name: scope?.name }),
        spans: spans.map((one) => withoutUndefined({ ...one, kind: one.kind ?? 0 }) as OtlpSpan),
      })),
    })) as OtlpResourceSpans[];
  });
}

function withoutUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, one]) => one !== undefined)) as T;
}

/** Splits a stream of JSON objects, each in a line of its own. */
function splitJson(text: string): string[] {
  try {
    JSON.parse(text);
    return [text];
  } catch {
    return text.split('\n').filter((line) => line.trim() !== '');
  }
}
