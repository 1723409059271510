import { context, type Span, SpanStatusCode, trace } from '@opentelemetry/api';

/** Works within a span, which ends with the work, and as an error where that throws. */
export function withinSpan<T>(span: Span, work: (span: Span) => T | Promise<T>): Promise<T> {
  return context.with(trace.setSpan(context.active(), span), async () => {
    try {
      return await work(span);
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  });
}
