import { type LogRecord, ROOT_CONTEXT, SeverityNumber, TraceFlags, trace } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, type LogRecordProcessor, type ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLightLoggerProvider } from '../../../src/telemetry/light/light-logger-provider.ts';
import { SCOPE } from '../../../src/telemetry/names.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_795_574_771_453, toFake: ['Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const resource = resourceFromAttributes({ 'service.name': 'waymark' });
const span = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
};
const traced = trace.setSpanContext(ROOT_CONTEXT, span);

/** What an exporter reads of a record. */
function read(record: ReadableLogRecord) {
  const { hrTime, hrTimeObserved, spanContext, severityNumber, severityText, body, eventName } = record;
  const { resource: of, instrumentationScope, attributes, droppedAttributesCount } = record;
  return {
    ...{ hrTime, hrTimeObserved, spanContext, severityNumber, severityText, body, eventName },
    ...{ resource: of.attributes, instrumentationScope, attributes, droppedAttributesCount },
  };
}

/** What arrives of the records that are emitted, by the SDK alone and by ours before it. */
function bothWays(records: LogRecord[], scope = SCOPE) {
  const arrive = (plain: boolean): ReadableLogRecord[] => {
    const received: ReadableLogRecord[] = [];
    const queue: LogRecordProcessor = {
      onEmit: (record) => void received.push(record),
      async forceFlush() {},
      async shutdown() {},
    };
    const sdk = new LoggerProvider({ resource, processors: [queue] });
    const logger = (plain ? createLightLoggerProvider(sdk, resource, [queue]) : sdk).getLogger(scope);
    for (const record of records) logger.emit(record);
    return received;
  };
  const made = arrive(true);
  return { bySdk: arrive(false).map(read), byOurs: made.map(read), records: made };
}

const plain: LogRecord = {
  severityNumber: SeverityNumber.INFO,
  severityText: 'info',
  body: 'prediction',
  attributes: { text: 'a', number: 0.25, whole: 3, no: false, empty: '', 'not a number': Number.NaN },
  context: traced,
};

test('a record of the log arrives as the SDK would have made it', () => {
  const { bySdk, byOurs, records } = bothWays([plain]);
  expect(byOurs).toEqual(bySdk);
  expect(byOurs).toMatchObject([{ hrTime: [1_795_574_771, 453_000_000], spanContext: span, body: 'prediction' }]);
  // The SDK's has methods to change it.
  expect(records[0]).not.toHaveProperty('setAttribute');
});

test.each<[string, Partial<LogRecord>]>([
  ['no span', { context: ROOT_CONTEXT }],
  ['a span that is none', { context: trace.setSpanContext(ROOT_CONTEXT, { ...span, traceId: '0'.repeat(32) }) }],
  ['a span that is not sampled', { context: trace.setSpanContext(ROOT_CONTEXT, { ...span, traceFlags: 0 }) }],
  ['no attributes', { attributes: {} }],
  ['an array', { attributes: { list: ['a', 1, true, null] } }],
  ['a nested value', { attributes: { outer: { inner: { deep: 1 } } } }],
  ['bytes', { attributes: { bytes: Uint8Array.of(1, 2, 3) } }],
  ['an empty value', { attributes: { nothing: null } }],
  ['a value that is not set', { attributes: { nothing: undefined, something: 1 } }],
  ['an empty key', { attributes: { '': 'nameless', named: 1 } }],
  ['what is no value', { attributes: { big: 1n as unknown as number, named: 1 } }],
  ['too many attributes', { attributes: Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`key ${i}`, i])) }],
  [
    'as many attributes as may be',
    { attributes: Object.fromEntries(Array.from({ length: 128 }, (_, i) => [`k${i}`, i])) },
  ],
  ['a time of its own', { timestamp: 1_700_000_000_000 }],
  ['a time when it was seen', { observedTimestamp: [1_700_000_000, 5] }],
  ['the name of an event', { eventName: 'event' }],
  ['an exception', { exception: Object.assign(new TypeError('wrong'), { stack: 'at a line' }) }],
  ['a body that is no text', { body: { nested: [1, 2] } }],
])('so does one with %s', (_, unusual) => {
  const { bySdk, byOurs } = bothWays([{ ...plain, ...unusual }]);
  expect(byOurs).toEqual(bySdk);
});

test('so does one of another scope, and several', () => {
  const { bySdk, byOurs } = bothWays([plain, { body: 'bare' }, plain], 'another');
  expect(byOurs).toEqual(bySdk);
  const own = bothWays([plain, { ...plain, body: 'second' }]);
  expect(own.byOurs).toEqual(own.bySdk);
  // Exporters group records by the identity of their scope.
  expect(new Set(own.records.map(({ instrumentationScope }) => instrumentationScope)).size).toBe(1);
});

test('what the caller changes afterwards is not in the record', () => {
  const attributes = { label: 'spam' };
  const { records } = bothWays([{ ...plain, attributes }]);
  attributes.label = 'ham';
  expect(records[0]!.attributes).toEqual({ label: 'spam' });
});
