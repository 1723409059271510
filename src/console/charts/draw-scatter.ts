import { formatClock, formatSeconds, withoutZeros } from '../view/format.ts';
import { DOT_KINDS, type Dot, type DotKind } from './dots.ts';
import { logTicks, timeTicks } from './scales.ts';

const MARGIN = { left: 52, right: 10, top: 14, bottom: 22 };
const PIXELS_PER_TICK = 110;
const RADIUS = 4.2;

/** The positions of the values of a scatter chart. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Milliseconds since the epoch. */
  readonly times: readonly [from: number, to: number];
  /** Seconds. */
  readonly seconds: readonly [low: number, high: number];
}

/** A box around dots: a span of time and of request times in seconds. */
export interface Box {
  readonly since: number;
  readonly until: number;
  readonly low: number;
  readonly high: number;
}

/** The content of a scatter chart. */
export interface Scene {
  readonly frame: Frame;
  readonly dots: readonly Dot[];
  readonly events: readonly { readonly time: number; readonly title: string }[];
  readonly current: Dot | undefined;
  readonly box: Box | undefined;
}

export function xOf({ width, times: [from, to] }: Frame, time: number): number {
  return MARGIN.left + ((time - from) / (to - from)) * (width - MARGIN.left - MARGIN.right);
}

export function yOf({ height, seconds: [low, high] }: Frame, seconds: number): number {
  const share = Math.log(Math.max(seconds, low) / low) / Math.log(high / low);
  return height - MARGIN.bottom - share * (height - MARGIN.top - MARGIN.bottom);
}

/** Returns the time and the request time at a position. */
export function valuesAt({ width, height, times: [from, to], seconds: [low, high] }: Frame, x: number, y: number) {
  const across = Math.max(0, Math.min(1, (x - MARGIN.left) / (width - MARGIN.left - MARGIN.right)));
  const up = Math.max(0, Math.min(1, (height - MARGIN.bottom - y) / (height - MARGIN.top - MARGIN.bottom)));
  return { time: from + across * (to - from), seconds: low * (high / low) ** up };
}

/** Draws a scatter chart. Its colours are the custom properties of the canvas, so they follow the theme. */
export function drawScatter(canvas: HTMLCanvasElement, { frame, dots, events, current, box }: Scene): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const { width, height } = frame;
  const scale = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = `11px ${style.fontFamily}`;
  drawAxes(context, frame, colour);
  drawEvents(context, frame, events, colour);
  context.lineWidth = 1.6;
  for (const kind of DOT_KINDS) {
    context.fillStyle = colour(kind);
    context.strokeStyle = colour(kind);
    context.globalAlpha = kind === 'ok' ? 0.55 : 1;
    for (const dot of dots) {
      if (dot.kind === kind) drawDot(context, kind, xOf(frame, dot.time), yOf(frame, dot.row.requestSeconds));
    }
  }
  context.globalAlpha = 1;
  if (box) drawBox(context, frame, box, colour);
  if (current) {
    context.strokeStyle = colour('ink');
    context.lineWidth = 2;
    context.beginPath();
    context.arc(xOf(frame, current.time), yOf(frame, current.row.requestSeconds), RADIUS + 4, 0, 2 * Math.PI);
    context.stroke();
  }
}

function drawAxes(context: CanvasRenderingContext2D, frame: Frame, colour: (name: string) => string): void {
  const { width, height, times, seconds } = frame;
  context.strokeStyle = colour('line');
  context.fillStyle = colour('dim');
  context.lineWidth = 1;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  for (const tick of logTicks(...seconds)) {
    const y = Math.round(yOf(frame, tick)) + 0.5;
    context.beginPath();
    context.moveTo(MARGIN.left, y);
    context.lineTo(width - MARGIN.right, y);
    context.stroke();
    context.fillText(withoutZeros(formatSeconds(tick)), MARGIN.left - 6, y);
  }
  context.textAlign = 'center';
  context.textBaseline = 'alphabetic';
  for (const tick of timeTicks(...times, Math.max(2, Math.floor(width / PIXELS_PER_TICK)))) {
    context.fillText(formatClock(tick), Math.max(MARGIN.left + 20, Math.min(width - 30, xOf(frame, tick))), height - 6);
  }
}

function drawEvents(
  context: CanvasRenderingContext2D,
  frame: Frame,
  events: Scene['events'],
  colour: (name: string) => string,
): void {
  context.strokeStyle = colour('accent');
  context.fillStyle = colour('accent');
  context.textBaseline = 'alphabetic';
  for (const { time, title } of events) {
    if (time < frame.times[0] || time > frame.times[1]) continue;
    const x = Math.round(xOf(frame, time)) + 0.5;
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(x, MARGIN.top);
    context.lineTo(x, frame.height - MARGIN.bottom);
    context.stroke();
    context.setLineDash([]);
    context.textAlign = x > frame.width - 160 ? 'right' : 'left';
    context.fillText(title.slice(0, 40), x, MARGIN.top - 4);
  }
}

function drawBox(context: CanvasRenderingContext2D, frame: Frame, box: Box, colour: (name: string) => string): void {
  const left = xOf(frame, box.since);
  const top = yOf(frame, box.high);
  const size = [xOf(frame, box.until) - left, yOf(frame, box.low) - top] as const;
  context.fillStyle = colour('accent');
  context.strokeStyle = colour('accent');
  context.globalAlpha = 0.12;
  context.fillRect(left, top, ...size);
  context.globalAlpha = 1;
  context.lineWidth = 1.5;
  context.strokeRect(left, top, ...size);
}

function drawDot(context: CanvasRenderingContext2D, kind: DotKind, x: number, y: number): void {
  if (kind === 'ok') {
    context.fillRect(x - 1.5, y - 1.5, 3, 3);
    return;
  }
  context.beginPath();
  if (kind === 'wrong') context.rect(x - RADIUS + 0.6, y - RADIUS + 0.6, 2 * RADIUS - 1.2, 2 * RADIUS - 1.2);
  else if (kind === 'failed') {
    context.moveTo(x - RADIUS, y - RADIUS);
    context.lineTo(x + RADIUS, y + RADIUS);
    context.moveTo(x + RADIUS, y - RADIUS);
    context.lineTo(x - RADIUS, y + RADIUS);
    context.stroke();
    return;
  } else if (kind === 'anomaly') {
    context.moveTo(x, y - RADIUS);
    context.lineTo(x + RADIUS, y);
    context.lineTo(x, y + RADIUS);
    context.lineTo(x - RADIUS, y);
  } else {
    context.moveTo(x, y - RADIUS - 0.5);
    context.lineTo(x + RADIUS + 0.5, y + RADIUS - 0.5);
    context.lineTo(x - RADIUS - 0.5, y + RADIUS - 0.5);
  }
  context.fill();
}
