import {
  type Attributes,
  type AttributeValue,
  diag,
  type Exception,
  type HrTime,
  type Link,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
} from '@opentelemetry/api';
import {
  AddAttributeDecision,
  addHrTimes,
  cleanAttributes,
  hrTimeDuration,
  type InstrumentationScope,
  isTimeInput,
  maybeAddAttribute,
  millisToHrTime,
} from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { attributeLimits, copySimpleAttributes, isSimpleValue, LIMIT } from './light-attributes.ts';
import { addWithinLimit, exceptionEvent, type SpanEvent, spanEvent, spanLink } from './span-details.ts';
import { clockOffset, type Instant, instantOf, isBefore, toHrTime } from './span-time.ts';

/** What all spans of a tracer have in common. */
export interface SpanOrigin {
  readonly resource: Resource;
  readonly scope: InstrumentationScope;
  readonly processors: readonly SpanProcessor[];
}

const UNSET: SpanStatus = Object.freeze({ code: SpanStatusCode.UNSET });
const NO_ATTRIBUTES: Attributes = Object.freeze({});
const NO_LINKS: Link[] = [];
const NO_EVENTS: SpanEvent[] = [];
const NO_TIME: HrTime = [0, 0];

/**
 * A span as the SDK's, without what that does for the spans of anybody: attributes of plain values are taken over with one
 * look at each, times become what is exported when they are exported, and what a span does not have is not made.
 */
export class LightSpan implements Span, ReadableSpan {
  name: string;
  readonly kind: SpanKind;
  readonly parentSpanContext?: SpanContext;
  attributes = NO_ATTRIBUTES;
  links = NO_LINKS;
  events = NO_EVENTS;
  status = UNSET;
  ended = false;
  droppedAttributesCount = 0;
  droppedEventsCount = 0;
  droppedLinksCount = 0;
  readonly #origin: SpanOrigin;
  readonly #spanContext: SpanContext;
  readonly #start: Instant;
  /** When it began by `performance.now()`; below 0 where its times are given. */
  readonly #begun: number;
  #end: Instant = NO_TIME;
  /** How often an attribute was set: at least as often as there are attributes. */
  #timesSet = 0;

  constructor(
    origin: SpanOrigin,
    spanContext: SpanContext,
    parent: SpanContext | undefined,
    name: string,
    { kind = SpanKind.INTERNAL, attributes, links, startTime }: SpanOptions,
  ) {
    this.#origin = origin;
    this.#spanContext = spanContext;
    this.name = name;
    this.kind = kind;
    if (parent !== undefined) this.parentSpanContext = parent;
    this.#begun = startTime === undefined ? performance.now() : -1;
    this.#start = startTime === undefined ? Date.now() : instantOf(startTime, clockOffset);
    if (attributes !== undefined) this.#takeOver(attributes);
    if (links !== undefined) this.addLinks(links);
  }

  get startTime(): HrTime {
    return toHrTime(this.#start);
  }

  get endTime(): HrTime {
    return toHrTime(this.#end);
  }

  get duration(): HrTime {
    return this.ended ? hrTimeDuration(this.startTime, this.endTime) : [-1, -1];
  }

  get resource(): Resource {
    return this.#origin.resource;
  }

  get instrumentationScope(): InstrumentationScope {
    return this.#origin.scope;
  }

  spanContext(): SpanContext {
    return this.#spanContext;
  }

  isRecording(): boolean {
    return !this.ended;
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (this.#isOver()) return this;
    if (this.attributes === NO_ATTRIBUTES) this.attributes = {};
    this.#timesSet++;
    if (isSimpleValue(value) && key !== '' && this.#timesSet <= LIMIT) this.attributes[key] = value;
    else this.#setWithCare(key, value);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    if (this.#timesSet === 0 && !this.#isOver()) {
      const copy = copySimpleAttributes(attributes);
      if (copy !== undefined) {
        this.#keep(copy);
        return this;
      }
    }
    for (const [key, value] of Object.entries(attributes)) this.setAttribute(key, value as AttributeValue);
    return this;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.#isOver()) return this;
    const isTime = isTimeInput(attributesOrTime);
    const at = this.#timeOf(time ?? (isTime ? attributesOrTime : undefined));
    const event = spanEvent(name, at, isTime ? undefined : (attributesOrTime as Attributes | undefined));
    if (this.events === NO_EVENTS) this.events = [];
    if (addWithinLimit(this.events, event)) this.droppedEventsCount++;
    return this;
  }

  addLink(link: Link): this {
    if (this.#isOver()) return this;
    if (this.links === NO_LINKS) this.links = [];
    if (addWithinLimit(this.links, spanLink(link))) this.droppedLinksCount++;
    return this;
  }

  addLinks(links: Link[]): this {
    for (const link of links) this.addLink(link);
    return this;
  }

  setStatus({ code, message }: SpanStatus): this {
    if (this.#isOver() || code === SpanStatusCode.UNSET || this.status.code === SpanStatusCode.OK) return this;
    const tellsWhy = code === SpanStatusCode.ERROR && typeof message === 'string';
    this.status = tellsWhy ? { code, message } : { code };
    return this;
  }

  updateName(name: string): this {
    if (!this.#isOver()) this.name = name;
    return this;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const attributes = exceptionEvent(exception);
    if (attributes === undefined) diag.warn('An exception without a type and a message was not recorded.');
    else this.addEvent('exception', attributes, time);
  }

  end(time?: TimeInput): void {
    if (this.#isOver()) return;
    this.#end = this.#timeOf(time);
    if (isBefore(this.#end, this.#start)) {
      diag.warn(`The span ${this.name} ended before it started: it is told as one that took no time.`);
      this.#end = this.#start;
    }
    const { processors } = this.#origin;
    for (const processor of processors) processor.onEnding?.(this);
    this.ended = true;
    for (const processor of processors) processor.onEnd(this);
  }

  #takeOver(attributes: Attributes): void {
    const copy = copySimpleAttributes(attributes);
    if (copy !== undefined) {
      this.#keep(copy);
      return;
    }
    const cleaned = cleanAttributes(attributes, attributeLimits);
    this.#keep(cleaned.attributes as Attributes);
    this.droppedAttributesCount = cleaned.droppedAttributesCount ?? 0;
  }

  #keep(attributes: Attributes): void {
    this.attributes = attributes;
    this.#timesSet = Object.keys(attributes).length;
  }

  #setWithCare(key: string, value: AttributeValue): void {
    const { attributes } = this;
    const currentAttributesCount = Object.keys(attributes).length;
    const decision = maybeAddAttribute({ key, value, attributes, limits: attributeLimits, currentAttributesCount });
    if (decision === AddAttributeDecision.DROP_LIMIT_REACHED) this.droppedAttributesCount++;
  }

  #timeOf(time: TimeInput | undefined): Instant {
    const isMeasured = this.#begun >= 0;
    if (time === undefined) {
      return isMeasured ? addHrTimes(this.startTime, millisToHrTime(performance.now() - this.#begun)) : Date.now();
    }
    return instantOf(time, () => (isMeasured ? clockOffset(this.#start as number, this.#begun) : clockOffset()));
  }

  #isOver(): boolean {
    if (this.ended) {
      const { traceId, spanId } = this.#spanContext;
      diag.warn(`The span ${this.name} (${traceId}-${spanId}) was to be changed after it had ended.`, new Error());
    }
    return this.ended;
  }
}
