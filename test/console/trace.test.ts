import { describe, expect, test } from 'vitest';
import { criticalSteps, findSpans, readTrace } from '../../src/console/waterfall/trace.ts';
import type { OtlpSpan, TraceAnswer } from '../../src/recent/trace-answer.ts';

const ORIGIN = 1_790_000_000_000_000_000n;

/** Returns a span from and to a number of microseconds. */
function span(spanId: string, parentSpanId: string, from: number, to: number, more: Partial<OtlpSpan> = {}): OtlpSpan {
  const time = (microseconds: number) => String(ORIGIN + BigInt(microseconds) * 1_000n);
  return {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId,
    parentSpanId,
    name: spanId,
    kind: 1,
    startTimeUnixNano: time(from),
    endTimeUnixNano: time(to),
    ...more,
  };
}

function answer(...spans: OtlpSpan[]): TraceAnswer {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'waymark' } }] };
  return { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] };
}

describe('a trace', () => {
  const trace = readTrace(
    answer(
      span('score', 'classify', 80, 95),
      span('request', '', 0, 100),
      span('tokenize', 'classify', 10, 80, { status: { code: 2 } }),
      span('classify', 'request', 10, 95, {
        attributes: [{ key: 'classifier.model.version', value: { stringValue: '2' } }],
      }),
    ),
  );

  test('has its spans as a tree in the order of time, to the microsecond', () => {
    expect(trace.spans.map(({ id, depth, start, end }) => [id, depth, start, end])).toEqual([
      ['request', 0, 0, 100],
      ['classify', 1, 10, 95],
      ['tokenize', 2, 10, 80],
      ['score', 2, 80, 95],
    ]);
    expect(trace.services).toEqual(['waymark']);
    expect(trace.startedAt).toBe(1_790_000_000_000);
    expect(trace.spans.filter(({ isError }) => isError).map(({ id }) => id)).toEqual(['tokenize']);
  });

  test('gives each moment of its root to one span of the critical path', () => {
    expect(criticalSteps(trace)).toEqual([
      { name: 'tokenize', time: 70, share: 0.7 },
      { name: 'request', time: 15, share: 0.15 },
      { name: 'score', time: 15, share: 0.15 },
    ]);
  });

  test('finds spans by name, service, attribute and value', () => {
    expect([...findSpans(trace, 'TOKEN')]).toEqual(['tokenize']);
    expect([...findSpans(trace, 'model.version')]).toEqual(['classify']);
    expect(findSpans(trace, 'waymark').size).toBe(4);
    expect(findSpans(trace, ' ').size).toBe(0);
  });
});

test('spans that overlap count once in the own time of their parent', () => {
  const { spans } = readTrace(
    answer(span('a', '', 0, 100), span('b', 'a', 10, 50), span('c', 'a', 30, 60), span('d', 'a', 90, 130)),
  );
  expect(spans.map(({ id, own }) => [id, own])).toEqual([
    ['a', 40],
    ['b', 40],
    ['c', 30],
    ['d', 40],
  ]);
});

test('a span whose parent is missing is shown as a root', () => {
  const { spans } = readTrace(answer(span('a', 'elsewhere', 0, 10), span('b', 'a', 2, 5)));
  expect(spans.map(({ id, isOrphan, depth }) => [id, isOrphan, depth])).toEqual([
    ['a', true, 0],
    ['b', false, 1],
  ]);
});

test('a hostile document with 20,000 levels is read', () => {
  const deep = Array.from({ length: 20_000 }, (_, at) => span(`s${at}`, at === 0 ? '' : `s${at - 1}`, at, 40_000 - at));
  const { spans } = readTrace(answer(...deep));
  expect(spans.at(-1)?.depth).toBe(19_999);
});

test('a document without spans is refused with what is expected', () => {
  expect(() => readTrace({ resourceSpans: [] })).toThrow('OTLP JSON');
});
