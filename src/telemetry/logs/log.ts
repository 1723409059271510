import { type Attributes, type Context, context, logs, SeverityNumber, type SpanContext } from '@opentelemetry/api';
import { type Level, pino } from 'pino';
import { ATTRIBUTE, SCOPE } from '../names.ts';
import { tracedSpan } from '../tracing.ts';
import { createLogDestination, type LogDestination } from './log-destination.ts';

type Write = (message: string, attributes?: Attributes, scope?: Context) => void;

/** Writes each record twice: as a line of JSON, and to the OpenTelemetry SDK, which sends it by OTLP. */
export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  readonly fatal: Write;
  /** Resolves once all lines are written: a process waits for it before it ends. */
  flush(): Promise<void>;
}

const severities = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
} as const satisfies Partial<Record<Level, SeverityNumber>>;

/**
 * @param level the least severe level that is written, or `silent`
 * @param stream where the lines go; stdout unless a test wants to read them
 */
export function createLog(level: Level | 'silent', stream: LogDestination = createLogDestination()): Log {
  // What pino puts into the line under way right after the time, as it is: it would quote each member by itself, which takes
  // three times as long as writing all of them at once.
  let members = '';
  const lines = pino(
    {
      level,
      base: null,
      timestamp: () => timestamp() + members,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  // The provider may be registered after this module was loaded: ask for the logger when it is first needed.
  let otlp: ReturnType<typeof logs.getLogger> | undefined;

  const write = (severity: keyof typeof severities): Write => {
    return (message, attributes = {}, scope = context.active()) => {
      if (!lines.isLevelEnabled(severity)) return;
      const span = tracedSpan(scope);
      members = idMembers(span);
      const written = attributeMembers(attributes);
      if (written === undefined) lines[severity](attributes, message);
      else {
        members += written;
        lines[severity](message);
      }
      otlp ??= logs.getLogger(SCOPE);
      otlp.emit({
        severityNumber: severities[severity],
        severityText: severity,
        body: message,
        attributes,
        context: scope,
      });
    };
  };

  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    async flush() {
      await stream.flush?.();
    },
  };
}

function idMembers(span: SpanContext | undefined): string {
  return span === undefined ? '' : `,"trace_id":"${span.traceId}","span_id":"${span.spanId}"`;
}

/** Undefined where JSON has no way to write them (a big integer, a circle): pino has. */
function attributeMembers(attributes: Attributes): string | undefined {
  try {
    const json = JSON.stringify(attributes);
    return json === '{}' ? '' : `,${json.slice(1, -1)}`;
  } catch {
    return undefined;
  }
}

let second = Number.NaN;
let untilSecond = '';

/** The time as pino's `isoTime` gives it; the part that changes once a second is made once a second. */
function timestamp(): string {
  const now = Date.now();
  const thisSecond = Math.floor(now / 1000);
  if (thisSecond !== second) {
    second = thisSecond;
    untilSecond = new Date(thisSecond * 1000).toISOString().slice(0, -4);
  }
  return `,"time":"${untilSecond}${String(now - thisSecond * 1000).padStart(3, '0')}Z"`;
}

/** An error as log attributes, by the semantic conventions for exceptions. */
export function exceptionAttributes(error: unknown): Attributes {
  if (!(error instanceof Error)) return { [ATTRIBUTE.exceptionMessage]: String(error) };
  return {
    [ATTRIBUTE.exceptionType]: error.name,
    [ATTRIBUTE.exceptionMessage]: error.message,
    ...(error.stack && { [ATTRIBUTE.exceptionStacktrace]: error.stack }),
  };
}
