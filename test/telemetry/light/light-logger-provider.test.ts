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

/** Returns the fields of a record that an exporter reads. */
function read(record: ReadableLogRecord) {
  const { hrTime, hrTimeObserved, spanContext, severityNumber, severityText, body, eventName } = record;
  const { resource: of, instrumentationScope, attributes, droppedAttributesCount } = record;
  return {
    ...{ hrTime, hrTimeObserved, spanContext, severityNumber, severityText, body, eventName },
    ...{ resource: of.attributes, instrumentationScope, attributes, droppedAttributesCount },
  };
}

/** Emits records through the SDK alone and through the light provider, and returns the records at the processor. */
function emitBothWays(records: LogRecord[], scope = SCOPE) {
  const emit = (isLight: boolean): ReadableLogRecord[] => {
    const received: ReadableLogRecord[] = [];
    const queue: LogRecordProcessor = {
      onEmit: (record) => void received.push(record),
      async forceFlush() {},
      async shutdown() {},
    };
    const sdk = new LoggerProvider({ resource, processors: [queue] });
    const logger = (isLight ? createLightLoggerProvider(sdk, resource, [queue]) : sdk).getLogger(scope);
    for (const record of records) logger.emit(record);
    return received;
  };
  const light = emit(true);
  return { bySdk: emit(false).map(read), byLight: light.map(read), records: light };
}

const simple: LogRecord = {
  severityNumber: SeverityNumber.INFO,
  severityText: 'info',
  body: 'prediction',
  attributes: { text: 'a', number: 0.25, whole: 3, no: false, empty: '', 'not a number': Number.NaN },
  context: traced,
};

test('a record of the log equals that of the SDK', () => {
  const { bySdk, byLight, records } = emitBothWays([simple]);
  expect(byLight).toEqual(bySdk);
  expect(byLight).toMatchObject([{ hrTime: [1_795_574_771, 453_000_000], spanContext: span, body: 'prediction' }]);
  // The record of the SDK has methods to change it.
  expect(records[0]).not.toHaveProperty('setAttribute');
});

test.each<[string, Partial<LogRecord>]>([
  ['no span', { context: ROOT_CONTEXT }],
  ['an invalid span', { context: trace.setSpanContext(ROOT_CONTEXT, { ...span, traceId: '0'.repeat(32) }) }],
  ['a span that is not sampled', { context: trace.setSpanContext(ROOT_CONTEXT, { ...span, traceFlags: 0 }) }],
  ['no attributes', { attributes: {} }],
  ['an array', { attributes: { list: ['a', 1, true, null] } }],
  ['a nested value', { attributes: { outer: { inner: { deep: 1 } } } }],
  ['bytes', { attributes: { bytes: Uint8Array.of(1, 2, 3) } }],
  ['an empty value', { attributes: { nothing: null } }],
  ['an undefined value', { attributes: { nothing: undefined, something: 1 } }],
  ['an empty key', { attributes: { '': 'nameless', named: 1 } }],
  ['an invalid value', { attributes: { big: 1n as unknown as number, named: 1 } }],
  ['too many attributes', { attributes: Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`key ${i}`, i])) }],
  [
    'the maximum number of attributes',
    { attributes: Object.fromEntries(Array.from({ length: 128 }, (_, i) => [`k${i}`, i])) },
  ],
  ['a time of its own', { timestamp: 1_700_000_000_000 }],
  ['an observed time of its own', { observedTimestamp: [1_700_000_000, 5] }],
  ['the name of an event', { eventName: 'event' }],
  ['an exception', { exception: Object.assign(new TypeError('wrong'), { stack: 'at a line' }) }],
  ['a body that is not a string', { body: { nested: [1, 2] } }],
])('a record with %s equals that of the SDK', (_, unusual) => {
  const { bySdk, byLight } = emitBothWays([{ ...simple, ...unusual }]);
  expect(byLight).toEqual(bySdk);
});

test('records of another scope, and several records, equal those of the SDK', () => {
  const { bySdk, byLight } = emitBothWays([simple, { body: 'bare' }, simple], 'another');
  expect(byLight).toEqual(bySdk);
  const own = emitBothWays([simple, { ...simple, body: 'second' }]);
  expect(own.byLight).toEqual(own.bySdk);
  // Exporters group records by the identity of their scope.
  expect(new Set(own.records.map(({ instrumentationScope }) => instrumentationScope)).size).toBe(1);
});

test('a later change of the attributes by the caller does not change the record', () => {
  const attributes = { label: 'spam' };
  const { records } = emitBothWays([{ ...simple, attributes }]);
  attributes.label = 'ham';
  expect(records[0]!.attributes).toEqual({ label: 'spam' });
});
