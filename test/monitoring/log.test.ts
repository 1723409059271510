import { context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { createLog, exceptionAttributes } from '../../src/monitoring/log.ts';

function capture(level: Parameters<typeof createLog>[0] = 'info') {
  const lines: string[] = [];
  return { log: createLog(level, { write: (line) => void lines.push(line) }), lines };
}

describe('createLog', () => {
  test('writes one JSON object a line', () => {
    const { log, lines } = capture();
    log.info('two\nlines', { model: 'spam' });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^[^\n]*\n$/);
    expect(JSON.parse(lines[0]!)).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      msg: 'two\nlines',
      model: 'spam',
    });
  });

  test('names the trace and span of the context it is given', () => {
    const { log, lines } = capture();
    const span = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: TraceFlags.SAMPLED,
    };
    log.warn('followed', {}, trace.setSpanContext(ROOT_CONTEXT, span));
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'warn', trace_id: span.traceId, span_id: span.spanId });
  });

  test('names none where there is none', () => {
    const { log, lines } = capture();
    log.info('alone', {}, context.active());
    expect(JSON.parse(lines[0]!)).not.toHaveProperty('trace_id');
  });

  test('writes nothing below its level', () => {
    const { log, lines } = capture('error');
    log.warn('less');
    log.error('enough');
    expect(lines).toHaveLength(1);
    expect(capture('silent').lines).toEqual([]);
  });
});

test('exceptionAttributes follow the semantic conventions', () => {
  expect(exceptionAttributes(new TypeError('wrong'))).toEqual({
    'exception.type': 'TypeError',
    'exception.message': 'wrong',
    'exception.stacktrace': expect.stringContaining('log.test.ts'),
  });
  expect(exceptionAttributes('plain')).toEqual({ 'exception.message': 'plain' });
});
