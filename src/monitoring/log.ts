import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  logs,
  SeverityNumber,
  trace,
} from '@opentelemetry/api';
import { type LineStream, standardOutput } from './standard-output.ts';
import { ATTRIBUTE, SCOPE } from './telemetry.ts';

type Write = (message: string, attributes?: Attributes, scope?: Context) => void;

/** Writes each record twice: as a line of JSON, and to the OpenTelemetry SDK, which sends it by OTLP. */
export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  readonly fatal: Write;
  /** Writes out what is still buffered, before the process ends. */
  flush(): void;
}

const severities = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
} as const;

type Severity = keyof typeof severities;

/** The least severe level that is written; `trace` writes all there is. */
export type LogLevel = Severity | 'trace' | 'silent';

/**
 * @param stream where the lines go; stdout unless a test wants to read them
 */
export function createLog(level: LogLevel, stream: LineStream = standardOutput()): Log {
  const least = { trace: SeverityNumber.TRACE, ...severities, silent: Number.POSITIVE_INFINITY }[level];
  // The provider may be registered after this module was loaded: ask for the logger when it is first needed.
  let otlp: ReturnType<typeof logs.getLogger> | undefined;

  const write = (severity: Severity): Write => {
    const severityNumber = severities[severity];
    const head = `{"level":"${severity}","time":"`;
    return (message, attributes = {}, scope = context.active()) => {
      if (severityNumber < least) return;
      const span = trace.getSpanContext(scope);
      const ids = span && isSpanContextValid(span) ? `,"trace_id":"${span.traceId}","span_id":"${span.spanId}"` : '';
      const fields = JSON.stringify(attributes).slice(1, -1);
      stream.write(`${head}${timestamp()}"${ids}${fields && ','}${fields},"msg":${JSON.stringify(message)}}\n`);
      otlp ??= logs.getLogger(SCOPE);
      otlp.emit({ severityNumber, severityText: severity, body: message, attributes, context: scope });
    };
  };

  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('fatal'),
    flush: () => stream.flushSync?.(),
  };
}

let second = Number.NaN;
let untilSecond = '';

/** The time in ISO 8601; the part that changes once a second is made once a second. */
function timestamp(): string {
  const now = Date.now();
  const thisSecond = Math.floor(now / 1000);
  if (thisSecond !== second) {
    second = thisSecond;
    untilSecond = new Date(thisSecond * 1000).toISOString().slice(0, -4);
  }
  return `${untilSecond}${String(now - thisSecond * 1000).padStart(3, '0')}Z`;
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
