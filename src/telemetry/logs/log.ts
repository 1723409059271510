import { join } from 'node:path';
import { type Attributes, type Context, context, logs, SeverityNumber, type SpanContext } from '@opentelemetry/api';
import { type Level, pino } from 'pino';
import { ATTRIBUTE, SCOPE } from '../names.ts';
import { tracedSpan } from '../tracing.ts';
import { createLogDestination, type LogDestination } from './log-destination.ts';

/** Writes a record. `scope` is the context with its span, by default the active one. */
type Write = (message: string, attributes?: Attributes, scope?: Context) => void;

/** The log. It writes each record twice: as a line of JSON, and to the OpenTelemetry SDK, which exports it by OTLP. */
export interface Log {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  readonly fatal: Write;
  /** Resolves once all lines are written, or after `timeoutMs`, by default one second. Call it before the process ends. */
  flush(timeoutMs?: number): Promise<void>;
}

const severities = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
} as const satisfies Partial<Record<Level, SeverityNumber>>;

/**
 * Creates the log of a process.
 *
 * @param level the lowest level that is written, or `silent`
 * @param destination the destination of the lines, by default standard output
 */
export function createLog(level: Level | 'silent', destination: LogDestination = createLogDestination()): Log {
  // The attributes of the current line as JSON. They follow the time, which pino inserts unchanged. One call of
  // JSON.stringify for all attributes is faster than pino with one for each: 1.9 instead of 2.9 µs for a prediction record.
  let members = '';
  const lines = pino(
    {
      level,
      base: null,
      timestamp: () => timestamp() + members,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  // Created with the first record, because the provider may be registered after this module is loaded.
  let otlp: ReturnType<typeof logs.getLogger> | undefined;

  const write = (severity: keyof typeof severities): Write => {
    return (message, attributes = {}, scope = context.active()) => {
      if (!lines.isLevelEnabled(severity)) return;
      const span = tracedSpan(scope);
      members = idMembers(span);
      const attributesJson = attributeMembers(attributes);
      if (attributesJson === undefined) lines[severity](attributes, message);
      else {
        members += attributesJson;
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
    async flush(timeoutMs) {
      await destination.flush?.(timeoutMs);
    },
  };
}

/** Creates a log that writes nothing, for commands that report their work themselves. */
export function createSilentLog(): Log {
  return createLog('silent', { write: () => {} });
}

function idMembers(span: SpanContext | undefined): string {
  return span === undefined ? '' : `,"trace_id":"${span.traceId}","span_id":"${span.spanId}"`;
}

/** Returns attributes as members of a JSON object, or `undefined` if only pino can serialise them (a big integer, a cycle). */
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

/** Returns the time in the format of pino's `isoTime`. The part up to the second is cached. */
function timestamp(): string {
  const now = Date.now();
  const thisSecond = Math.floor(now / 1000);
  if (thisSecond !== second) {
    second = thisSecond;
    untilSecond = new Date(thisSecond * 1000).toISOString().slice(0, -4);
  }
  return `,"time":"${untilSecond}${String(now - thisSecond * 1000).padStart(3, '0')}Z"`;
}

/** Returns the attributes of an error, by the semantic conventions for exceptions. */
export function exceptionAttributes(error: unknown): Attributes {
  if (!(error instanceof Error)) return { [ATTRIBUTE.exceptionMessage]: String(error) };
  return {
    [ATTRIBUTE.exceptionType]: error.name,
    [ATTRIBUTE.exceptionMessage]: error.message,
    ...(error.stack && { [ATTRIBUTE.exceptionStacktrace]: error.stack }),
  };
}

/** The folder of the code of this project. */
const OWN_CODE = join(import.meta.dirname, '../../..');

/** The classes whose messages this project writes. Messages of other classes can quote values. */
const OWN_ERRORS =
  /^(?:Error|ConfigError|FeedbackStoreError|ArtefactError|LockNotWritableError|DataFileError|RetrainError|ProblemError|UnexpectedAnswerError|ConnectionError|DeadlineError|CircuitOpenError)$/;

/**
 * Returns the attributes of an error that code threw which had read input of a client. Messages of the runtime and of libraries
 * can quote the input, so only messages that this project wrote are kept, and of the stack trace only the places.
 */
export function inputExceptionAttributes(error: unknown): Attributes {
  if (!(error instanceof Error)) return { [ATTRIBUTE.exceptionMessage]: WITHHELD };
  const { message, stack = '' } = error;
  const start = stack.indexOf(message);
  const frames = start < 0 ? [] : (stack.slice(start + message.length).match(/^ {4}at .*$/gm) ?? []);
  const isOwn = isSystemError(error) || (OWN_ERRORS.test(error.name) && isOwnFrame(frames[0]));
  return {
    [ATTRIBUTE.exceptionType]: /^\w{1,64}$/.test(error.name) ? error.name : 'Error',
    [ATTRIBUTE.exceptionMessage]: isOwn ? message : WITHHELD,
    ...(frames.length > 0 && { [ATTRIBUTE.exceptionStacktrace]: frames.join('\n') }),
  };
}

const WITHHELD = 'withheld: the message of a library can quote the request';

/** Returns whether the system reported an error, such as a full disk. Its message has a path or an address of the settings. */
function isSystemError(error: Error): boolean {
  const { errno, syscall } = error as NodeJS.ErrnoException;
  return typeof errno === 'number' && typeof syscall === 'string';
}

function isOwnFrame(frame = ''): boolean {
  return frame.includes(OWN_CODE) && !frame.includes('node_modules');
}
