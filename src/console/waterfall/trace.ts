import type { OtlpAttribute, OtlpSpan, TraceAnswer, TraceLog } from '../../recent/trace-answer.ts';

/** A span as the waterfall shows it. Times are microseconds since the start of the trace. */
export interface Span {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly resource: readonly (readonly [name: string, value: string])[];
  readonly events: readonly { readonly name: string; readonly at: number }[];
  readonly links: readonly string[];
  readonly isError: boolean;
  readonly depth: number;
  /** True if the trace names a parent that it does not have. */
  readonly isOrphan: boolean;
  readonly children: readonly Span[];
  /** The time in which no child ran, in microseconds. */
  readonly own: number;
  /** The parts of the critical path in this span: no other span delayed the end of the trace then. */
  readonly critical: readonly (readonly [from: number, to: number])[];
}

/** A trace: its spans in the order of the waterfall. */
export interface Trace {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Microseconds. */
  readonly duration: number;
  readonly spans: readonly Span[];
  readonly services: readonly string[];
  readonly logs: readonly TraceLog[];
  /** The document that the trace was read from. */
  readonly source: TraceAnswer['resourceSpans'];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Draft = Omit<Mutable<Span>, 'children' | 'critical'> & {
  parent: string;
  children: Draft[];
  critical: [number, number][];
};

const KINDS = ['', 'internal', 'server', 'client', 'producer', 'consumer'];

/** Returns the trace of an OTLP document. @throws {Error} if it has no spans; the message says what is expected */
export function readTrace(answer: TraceAnswer): Trace {
  const found: { span: OtlpSpan; resource: readonly OtlpAttribute[] }[] = [];
  for (const { resource, scopeSpans = [] } of answer.resourceSpans ?? []) {
    for (const { spans = [] } of scopeSpans) {
      for (const span of spans) found.push({ span, resource: resource?.attributes ?? [] });
    }
  }
  if (found.length === 0) throw new Error('There are no spans. Expected: OTLP JSON, {"resourceSpans": [...]}.');
  const starts = found.map(({ span }) => BigInt(span.startTimeUnixNano));
  let origin = starts[0]!;
  for (const start of starts) if (start < origin) origin = start;
  const drafts = new Map<string, Draft>();
  for (const { span, resource } of found) drafts.set(span.spanId, draftOf(span, resource, origin));
  const roots = connect(drafts);
  const spans = inOrder(roots);
  for (const span of spans) span.own = ownTime(span);
  const duration = Math.max(1, ...spans.map(({ end }) => end));
  for (const root of roots) if (!root.isOrphan || roots.length === 1) markCriticalPath(root);
  return {
    id: found[0]!.span.traceId,
    startedAt: Number(origin / 1_000_000n),
    duration,
    spans,
    services: [...new Set(spans.map(({ service }) => service))],
    logs: answer.logs ?? [],
    source: answer.resourceSpans,
  };
}

function draftOf(span: OtlpSpan, resource: readonly OtlpAttribute[], origin: bigint): Draft {
  const microseconds = (time: string) => Number(BigInt(time) - origin) / 1_000;
  const pairs = (attributes: readonly OtlpAttribute[] = []) =>
    attributes.map(({ key, value }) => [key, attributeText(value)] as const);
  const resourcePairs = pairs(resource);
  return {
    id: span.spanId,
    parent: span.parentSpanId ?? '',
    name: span.name,
    service: resourcePairs.find(([key]) => key === 'service.name')?.[1] ?? 'unknown service',
    kind: KINDS[span.kind] ?? '',
    start: microseconds(span.startTimeUnixNano),
    end: Math.max(microseconds(span.startTimeUnixNano), microseconds(span.endTimeUnixNano)),
    attributes: pairs(span.attributes),
    resource: resourcePairs,
    events: (span.events ?? []).map(({ name, timeUnixNano }) => ({ name, at: microseconds(timeUnixNano) })),
    links: (span.links ?? []).map(({ traceId }) => traceId),
    isError: span.status?.code === 2,
    depth: 0,
    isOrphan: false,
    children: [],
    own: 0,
    critical: [],
  };
}

function attributeText(value: OtlpAttribute['value']): string {
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(attributeText).join(', ');
  if (value.doubleValue !== undefined) return String(Number(value.doubleValue.toPrecision(6)));
  return String(value.stringValue ?? value.intValue ?? value.boolValue ?? '');
}

/** Adds each span to its parent, and returns the spans without one. */
function connect(drafts: ReadonlyMap<string, Draft>): Draft[] {
  const roots: Draft[] = [];
  for (const draft of drafts.values()) {
    const parent = drafts.get(draft.parent);
    if (parent === undefined || parent === draft) {
      draft.isOrphan = draft.parent !== '';
      roots.push(draft);
    } else parent.children.push(draft);
  }
  return roots.toSorted((a, b) => a.start - b.start);
}

/** Returns the spans in the order of the waterfall. A loop takes the place of recursion, because hostile documents can be deep. */
function inOrder(roots: readonly Draft[]): Draft[] {
  const order: Draft[] = [];
  const stack = roots.toReversed();
  for (let span = stack.pop(); span !== undefined; span = stack.pop()) {
    order.push(span);
    span.children.sort((a, b) => a.start - b.start);
    for (const child of span.children.toReversed()) {
      child.depth = span.depth + 1;
      stack.push(child);
    }
  }
  return order;
}

/** Returns the time of a span in which none of its children ran. They are sorted by their start. */
function ownTime({ start, end, children }: Draft): number {
  let own = 0;
  let covered = start;
  for (const child of children) {
    if (child.start > covered) own += Math.min(child.start, end) - covered;
    covered = Math.max(covered, Math.min(child.end, end));
  }
  return Math.max(0, own + end - covered);
}

/**
 * Marks the critical path: from the end of the trace backwards, always in the span that ended last before. Each moment of
 * the root belongs to one span.
 */
function markCriticalPath(root: Draft): void {
  const work: { span: Draft; until: number }[] = [{ span: root, until: root.end }];
  for (let next = work.pop(); next !== undefined; next = work.pop()) {
    const { span } = next;
    let cursor = Math.min(span.end, next.until);
    for (const child of span.children.toSorted((a, b) => b.end - a.end)) {
      if (child.start >= cursor || cursor <= span.start) continue;
      const until = Math.min(child.end, cursor);
      if (until < cursor) span.critical.push([until, cursor]);
      work.push({ span: child, until });
      cursor = Math.max(span.start, child.start);
    }
    if (cursor > span.start) span.critical.push([span.start, cursor]);
  }
}

/** A step of the critical path: all spans of one name together. */
export interface Step {
  readonly name: string;
  /** Microseconds on the critical path. */
  readonly time: number;
  readonly share: number;
}

/** Returns the steps of the critical path, longest first. */
export function criticalSteps({ spans, duration }: Trace): Step[] {
  const times = new Map<string, number>();
  for (const { name, critical } of spans) {
    const time = critical.reduce((total, [from, to]) => total + to - from, 0);
    if (time > 0) times.set(name, (times.get(name) ?? 0) + time);
  }
  return [...times].map(([name, time]) => ({ name, time, share: time / duration })).toSorted((a, b) => b.time - a.time);
}

/** Returns the ids of the spans that contain a text in their name, service, attributes or events. */
export function findSpans({ spans }: Trace, text: string): Set<string> {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return new Set();
  const has = (part: string) => part.toLowerCase().includes(wanted);
  return new Set(
    spans
      .filter(
        ({ name, service, id, attributes, events }) =>
          has(name) ||
          has(service) ||
          has(id) ||
          attributes.some(([key, value]) => has(key) || has(value)) ||
          events.some((event) => has(event.name)),
      )
      .map(({ id }) => id),
  );
}
