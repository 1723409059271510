import {
  type AttributeValue,
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';

/** The tracer and the clocks of a scenario. */
export interface Stage {
  readonly tracer: Tracer;
  /** Advances both clocks. */
  readonly wait: (milliseconds: number) => void;
  /** Changes the wall clock alone, as when somebody sets it. */
  readonly setClock: (milliseconds: number) => void;
}

const within = (span: Span, scope: Context = ROOT_CONTEXT) => trace.setSpan(scope, span);
const local = (traceFlags: TraceFlags, digit = 'c') =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId: digit.repeat(32), spanId: digit.repeat(16), traceFlags });
const many = (count: number) => Array.from({ length: count }, (_, i) => i);
const link = (i: number): Link => ({
  context: { traceId: 'a'.repeat(32), spanId: String(i).padStart(16, 'b'), traceFlags: 0, isRemote: true },
  attributes: { i, wrong: (() => i) as unknown as AttributeValue },
});
/** Returns a value that the types forbid, and that a caller can still pass. */
const wrong = (value: unknown) => value as AttributeValue;

/** Scenarios of all uses of a tracer and its spans, also of many wrong ones. */
export const scenarios: Record<string, (stage: Stage) => void> = {
  'a request with a prediction, timed afterwards'({ tracer, wait }) {
    const server = tracer.startSpan('POST', { kind: SpanKind.SERVER }, ROOT_CONTEXT);
    wait(3.25);
    const epoch = Date.now() - performance.now();
    const begun = performance.now() - 1.123456;
    const classify = tracer.startSpan('classify', { startTime: epoch + begun }, within(server));
    tracer.startSpan('tokenize', { startTime: epoch + begun }, within(classify)).end(epoch + begun + 0.4567);
    tracer.startSpan('score', { startTime: epoch + begun + 0.4567 }, within(classify)).end(epoch + begun + 0.9);
    classify.setAttributes({ model: 'spam', confidence: 0.9, tokens: 12, anomaly: false });
    classify.setAttribute('late', 1).end(epoch + begun + 0.9);
    wait(0.5);
    server.setAttributes({ status: 200 }).updateName('POST /predict');
    server.end();
  },

  'times in every form'({ tracer, wait, setClock }) {
    const now = Date.now();
    for (const startTime of [
      now - 5,
      new Date(now - 5),
      [1_700_000_000, 5] as [number, number],
      performance.now(),
      0,
    ]) {
      for (const end of [now + 0.25, new Date(now + 1), [1_900_000_000, 7] as [number, number], 10, undefined]) {
        const span = tracer.startSpan('given', { startTime }).addEvent('at', end);
        // Whole milliseconds, because the offset between the clocks is measured again at the end.
        wait(2);
        span.addEvent('now').end(end);
      }
    }
    for (const end of [now + 100, new Date(now + 100), [1_900_000_000, 7] as [number, number], undefined]) {
      const span = tracer.startSpan('measured');
      wait(7.0625);
      setClock(-3);
      span.addEvent('now').end(end);
    }
    const span = tracer.startSpan('relative end');
    wait(4);
    setClock(20);
    span.addEvent('at', {}, performance.now() - 1).end(performance.now());
  },

  'ends before starts'({ tracer }) {
    const now = Date.now();
    tracer.startSpan('a', { startTime: now }).end(now - 1);
    tracer.startSpan('b', { startTime: new Date(now) }).end([12, 999_999_999]);
    tracer.startSpan('c', { startTime: [20, 5] }).end([20, 4]);
    tracer.startSpan('d').end(now - 1000);
  },

  'attributes of every kind'({ tracer }) {
    const list = ['a'];
    const given = {
      text: 'a',
      number: 0.5,
      nothing: undefined,
      nil: wrong(null),
      list,
      mixed: wrong([1, 'a', null]),
      nested: wrong({ a: { b: [1] }, c: undefined }),
      bytes: wrong(new Uint8Array([1, 2])),
      date: wrong(new Date(0)),
      call: wrong(() => 1),
      big: wrong(1n),
      '': 'no key',
      no: false,
    };
    const atStart = tracer.startSpan('at start', { attributes: given });
    const atOnce = tracer.startSpan('at once').setAttributes(given);
    const oneByOne = tracer.startSpan('one by one');
    for (const [key, value] of Object.entries(given)) oneByOne.setAttribute(key, wrong(value));
    list.push('changed after it was handed over');
    given.text = 'changed';
    for (const span of [atStart, atOnce, oneByOne]) {
      span
        .setAttribute('text', 'again')
        .setAttributes({ number: 2, more: 'b', no: undefined, list: ['c'] })
        .end();
    }
    tracer.startSpan('none', { attributes: {} }).setAttributes({}).setAttributes({ a: 1 }).end();
    const shared = Object.freeze({ a: 1 });
    tracer.startSpan('frozen', { attributes: shared }).setAttribute('b', 2).end();
    tracer.startSpan('frozen later').setAttributes(shared).setAttribute('b', 2).end();
    const inherited = Object.assign(Object.create({ inherited: 1 }), { own: 1 });
    tracer.startSpan('inherited', { attributes: inherited }).setAttributes(inherited).end();
  },

  'more attributes than the limit'({ tracer }) {
    const attributes = Object.fromEntries(many(130).map((i) => [`a${i}`, i]));
    tracer.startSpan('at start', { attributes }).setAttribute('more', 1).setAttribute('a0', 'again').end();
    tracer.startSpan('at once').setAttributes(attributes).setAttribute('a0', 'again').end();
    const again = tracer.startSpan('the same one again');
    for (const i of many(200)) again.setAttribute('a', i);
    again.setAttributes({ b: 1 }).end();
    const full = tracer.startSpan('full', { attributes: Object.fromEntries(many(128).map((i) => [`a${i}`, i])) });
    full.setAttributes({ a127: 'again', more: 1 }).end();
  },

  'events and exceptions'({ tracer, wait }) {
    const span = tracer.startSpan('events');
    wait(1);
    span.addEvent('bare').addEvent('with', { a: 1, b: ['c'], wrong: wrong({ nested: 1 }) });
    span.addEvent('at', Date.now() + 5).addEvent('both', { a: 1 }, new Date(12_000_000_000_00));
    span.addEvent('time twice', [5, 6], [7, 8]);
    wait(0.75);
    const failed = Object.assign(new Error('failed'), { code: 'E_FAILED', stack: 'at somewhere' });
    const nameless = { message: 'nameless' };
    for (const exception of ['text', failed, nameless, { code: 5 }, { stack: 'only' } as Error, {} as Error])
      span.recordException(exception);
    span.recordException('timed', Date.now() - 2);
    span.end();
    const many200 = tracer.startSpan('too many');
    for (const i of many(131)) many200.addEvent(`event ${i}`);
    many200.end();
  },

  links({ tracer }) {
    tracer
      .startSpan('linked', { links: [link(1), { context: link(2).context }] })
      .addLink(link(3))
      .end();
    tracer
      .startSpan('too many', { links: many(130).map(link) })
      .addLinks([link(200), link(201)])
      .end();
    tracer.startSpan('none', { links: [] }).addLinks([]).end();
  },

  status({ tracer }) {
    const { UNSET, OK, ERROR } = SpanStatusCode;
    tracer.startSpan('failed').setStatus({ code: ERROR, message: 'why' }).setStatus({ code: UNSET }).end();
    tracer.startSpan('failed twice').setStatus({ code: ERROR, message: 'why' }).setStatus({ code: ERROR }).end();
    tracer.startSpan('ok').setStatus({ code: OK, message: 'not told' }).setStatus({ code: ERROR }).end();
    tracer.startSpan('saved').setStatus({ code: ERROR }).setStatus({ code: OK }).end();
  },

  'changes after the end'({ tracer, wait }) {
    const span = tracer.startSpan('over');
    span.end();
    wait(5);
    span
      .setAttribute('a', 1)
      .setAttributes({ b: 2 })
      .addEvent('c')
      .addLink(link(1))
      .addLinks([link(2)]);
    span.setStatus({ code: SpanStatusCode.ERROR }).updateName('changed').recordException('d');
    span.end();
  },

  'parents of every kind'({ tracer }) {
    for (const flags of [TraceFlags.SAMPLED, TraceFlags.NONE]) tracer.startSpan('local', {}, local(flags)).end();
    tracer.startSpan('invalid', {}, trace.setSpanContext(ROOT_CONTEXT, INVALID_SPAN_CONTEXT)).end();
    tracer.startSpan('not hex', {}, local(TraceFlags.SAMPLED, 'x')).end();
    tracer.startSpan('suppressed', {}, suppressTracing(local(TraceFlags.SAMPLED))).end();
    const parent = tracer.startSpan('parent', {}, ROOT_CONTEXT);
    tracer.startSpan('root all the same', { root: true }, within(parent)).end();
    tracer.startSpan('suppressed child', {}, suppressTracing(within(parent))).end();
    parent.end();
    tracer.startSpan('child of one that is over', {}, within(parent)).end();
    const grandchild = tracer.startSpan('child', {}, within(tracer.startSpan('never ended', {}, within(parent))));
    grandchild.end();
  },

  'active spans'({ tracer, wait }) {
    const result = tracer.startActiveSpan('a', (a) => {
      tracer.startSpan('child of the active one').end();
      const inner = tracer.startActiveSpan('b', { kind: SpanKind.CLIENT, attributes: { b: 1 } }, (b) => {
        wait(2);
        b.end();
        return trace.getSpan(context.active()) === b;
      });
      a.setAttribute('inner', inner).end();
      return 'result';
    });
    tracer.startActiveSpan('c', {}, local(TraceFlags.SAMPLED), (c) => c.setAttribute('result', result).end());
  },
};
