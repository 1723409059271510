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

/** The properties that all spans of a tracer share. */
export interface SpanOrigin {
  readonly resource: Resource;
  readonly scope: InstrumentationScope;
  readonly processors: readonly SpanProcessor[];
}

const unsetStatus: SpanStatus = Object.freeze({ code: SpanStatusCode.UNSET });
const noAttributes: Attributes = Object.freeze({});
const NO_LINKS: Link[] = [];
const NO_EVENTS: SpanEvent[] = [];
const NO_TIME: HrTime = [0, 0];

/**
 * A span with the behaviour of the SDK's `SpanImpl`, for less time: it checks each simple attribute once, converts times
 * when they are exported, and creates no list that a span does not need.
 */
export class LightSpan implements Span, ReadableSpan {
  name: string;
  readonly kind: SpanKind;
  readonly parentSpanContext?: SpanContext;
  attributes = noAttributes;
  links = NO_LINKS;
  events = NO_EVENTS;
  status = unsetStatus;
  ended = false;
  droppedAttributesCount = 0;
  droppedEventsCount = 0;
  droppedLinksCount = 0;
  readonly #origin: SpanOrigin;
  readonly #spanContext: SpanContext;
  readonly #start: Instant;
  /** The start by `performance.now()`, or -1 if the caller gave the start time. */
  readonly #monotonicStart: number;
  #end: Instant = NO_TIME;
  /** The number of calls that set an attribute: an upper bound for the number of attributes. */
  #setCount = 0;

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
    this.#monotonicStart = startTime === undefined ? performance.now() : -1;
    this.#start = startTime === undefined ? Date.now() : instantOf(startTime, clockOffset);
    if (attributes !== undefined) this.#setInitialAttributes(attributes);
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
    if (this.#warnIfEnded()) return this;
    if (this.attributes === noAttributes) this.attributes = {};
    this.#setCount++;
    if (isSimpleValue(value) && key !== '' && this.#setCount <= LIMIT) this.attributes[key] = value;
    else this.#setAsSdk(key, value);
    return this;
  }

  setAttributes(attributes: Attributes): this {
    if (this.#setCount === 0 && !this.#warnIfEnded()) {
      const copy = copySimpleAttributes(attributes);
      if (copy !== undefined) {
        this.#replaceAttributes(copy);
        return this;
      }
    }
    for (const [key, value] of Object.entries(attributes)) this.setAttribute(key, value as AttributeValue);
    return this;
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.#warnIfEnded()) return this;
    const isTime = isTimeInput(attributesOrTime);
    const at = this.#timeOf(time ?? (isTime ? attributesOrTime : undefined));
    const event = spanEvent(name, at, isTime ? undefined : (attributesOrTime as Attributes | undefined));
    if (this.events === NO_EVENTS) this.events = [];
    if (addWithinLimit(this.events, event)) this.droppedEventsCount++;
    return this;
  }

  addLink(link: Link): this {
    if (this.#warnIfEnded()) return this;
    if (this.links === NO_LINKS) this.links = [];
    if (addWithinLimit(this.links, spanLink(link))) this.droppedLinksCount++;
    return this;
  }

  addLinks(links: Link[]): this {
    for (const link of links) this.addLink(link);
    return this;
  }

  setStatus({ code, message }: SpanStatus): this {
    if (this.#warnIfEnded() || code === SpanStatusCode.UNSET || this.status.code === SpanStatusCode.OK) return this;
    const hasMessage = code === SpanStatusCode.ERROR && typeof message === 'string';
    this.status = hasMessage ? { code, message } : { code };
    return this;
  }

  updateName(name: string): this {
    if (!this.#warnIfEnded()) this.name = name;
    return this;
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const attributes = exceptionEvent(exception);
    if (attributes === undefined) diag.warn('an exception without a type and a message was not recorded');
    else this.addEvent('exception', attributes, time);
  }

  end(time?: TimeInput): void {
    if (this.#warnIfEnded()) return;
    this.#end = this.#timeOf(time);
    if (isBefore(this.#end, this.#start)) {
      diag.warn(`the span ${this.name} ends before its start: its duration is set to 0`);
      this.#end = this.#start;
    }
    const { processors } = this.#origin;
    for (const processor of processors) processor.onEnding?.(this);
    this.ended = true;
    for (const processor of processors) processor.onEnd(this);
  }

  #setInitialAttributes(attributes: Attributes): void {
    const copy = copySimpleAttributes(attributes);
    if (copy !== undefined) {
      this.#replaceAttributes(copy);
      return;
    }
    const cleaned = cleanAttributes(attributes, attributeLimits);
    this.#replaceAttributes(cleaned.attributes as Attributes);
    this.droppedAttributesCount = cleaned.droppedAttributesCount ?? 0;
  }

  #replaceAttributes(attributes: Attributes): void {
    this.attributes = attributes;
    this.#setCount = Object.keys(attributes).length;
  }

  #setAsSdk(key: string, value: AttributeValue): void {
    const { attributes } = this;
    const currentAttributesCount = Object.keys(attributes).length;
    const decision = maybeAddAttribute({ key, value, attributes, limits: attributeLimits, currentAttributesCount });
    if (decision === AddAttributeDecision.DROP_LIMIT_REACHED) this.droppedAttributesCount++;
  }

  #timeOf(time: TimeInput | undefined): Instant {
    const isMeasured = this.#monotonicStart >= 0;
    if (time === undefined) {
      return isMeasured
        ? addHrTimes(this.startTime, millisToHrTime(performance.now() - this.#monotonicStart))
        : Date.now();
    }
    return instantOf(time, () =>
      isMeasured ? clockOffset(this.#start as number, this.#monotonicStart) : clockOffset(),
    );
  }

  #warnIfEnded(): boolean {
    if (this.ended) {
      const { traceId, spanId } = this.#spanContext;
      diag.warn(`the span ${this.name} (${traceId}-${spanId}) cannot be changed after its end`, new Error());
    }
    return this.ended;
  }
}
