import assert from 'node:assert';
import { readFileSync } from 'node:fs';
import { validateHeaderValue } from 'node:http';
import { context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createLog, exceptionAttributes, inputExceptionAttributes } from '../../../src/telemetry/logs/log.ts';

function capture(level: Parameters<typeof createLog>[0] = 'info') {
  const lines: string[] = [];
  return { log: createLog(level, { write: (line) => void lines.push(line) }), lines };
}

const spanContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
};

describe('createLog', () => {
  test('writes one JSON object per line', () => {
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

  test('writes the ids of the trace and span of the given context', () => {
    const { log, lines } = capture();
    log.warn('followed', {}, trace.setSpanContext(ROOT_CONTEXT, spanContext));
    const { traceId, spanId } = spanContext;
    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'warn', trace_id: traceId, span_id: spanId });
  });

  test('writes no ids without a span', () => {
    const { log, lines } = capture();
    log.info('alone', {}, context.active());
    expect(JSON.parse(lines[0]!)).not.toHaveProperty('trace_id');
  });

  test('writes all attributes with a JSON value', () => {
    const { log, lines } = capture();
    const attributes = {
      'a "key"': 'a "value" \\ of\tcontrols \u0000, 漢字 and half \ud83d of a character',
      number: 0.25,
      'not a number': Number.NaN,
      no: false,
      nothing: null,
      'not there': undefined,
      list: ['a', 1, [true]],
      nested: { deep: { deeper: 1 } },
    };
    log.info('100 %s', attributes);
    const { 'not a number': _, 'not there': __, ...rest } = attributes;
    expect(JSON.parse(lines[0]!)).toEqual({
      level: 'info',
      time: expect.any(String),
      msg: '100 %s',
      'not a number': null,
      ...rest,
    });
  });

  test('writes a line although JSON has no value for an attribute', () => {
    const { log, lines } = capture();
    const circle: { itself?: unknown } = {};
    circle.itself = circle;
    log.info('kept', { circle, big: 1n, label: 'spam' }, trace.setSpanContext(ROOT_CONTEXT, spanContext));
    log.info('next');
    expect(JSON.parse(lines[0]!)).toMatchObject({ msg: 'kept', trace_id: spanContext.traceId, label: 'spam' });
    expect(JSON.parse(lines[1]!)).toEqual({ level: 'info', time: expect.any(String), msg: 'next' });
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

describe('the attributes of an error of code that has read input', () => {
  class OwnError extends Error {
    override name = 'FeedbackStoreError';
  }
  const thrownBy = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      return inputExceptionAttributes(error);
    }
    throw new Error('nothing was thrown');
  };

  test.each<[string, () => unknown, string]>([
    ['JSON', () => JSON.parse('secret'), 'SyntaxError'],
    ['a URL', () => new URL('http://[::1/secret'), 'TypeError'],
    ['a number', () => BigInt('secret'), 'SyntaxError'],
    ['a pattern', () => new RegExp(['(', 'secret'].join('')), 'SyntaxError'],
    ['an escape', () => decodeURIComponent('%secret'), 'URIError'],
    ['a property', () => (undefined as unknown as Record<string, unknown>)['secret'], 'TypeError'],
    ['a header', () => validateHeaderValue('a', 'secret\n'), 'TypeError'],
    ['a schema', () => z.literal('a').parse('secret'), 'ZodError'],
    ['a function of node', () => assert.strictEqual('secret', 'a'), 'AssertionError'],
  ])('leave out the message about %s', (_, work, type) => {
    const attributes = thrownBy(work);
    expect(attributes['exception.type']).toBe(type);
    expect(attributes['exception.message']).toMatch(/^withheld: /);
    expect(JSON.stringify(attributes)).not.toContain('secret');
    expect(String(attributes['exception.stacktrace'] ?? 'log.test.ts')).toContain('log.test.ts');
  });

  test('keep the message of an error of this project', () => {
    expect(
      thrownBy(() => {
        throw new OwnError('the disk is full');
      }),
    ).toMatchObject({ 'exception.type': 'FeedbackStoreError', 'exception.message': 'the disk is full' });
  });

  test('keep the message of an error of the system', () => {
    expect(thrownBy(() => readFileSync('/none/at-all'))?.['exception.message']).toMatch(/^ENOENT: .*\/none\/at-all/);
  });

  test('leave out values that are no errors, and lines of a message that look like places', () => {
    expect(inputExceptionAttributes('secret')).toEqual({ 'exception.message': expect.stringMatching(/^withheld/) });
    const forged = new TypeError('a\n    at secret (/secret.ts:1:1)');
    expect(JSON.stringify(inputExceptionAttributes(forged))).not.toContain('secret');
  });
});
