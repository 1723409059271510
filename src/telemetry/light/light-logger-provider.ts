import {
  type Context,
  context,
  type Logger,
  type LoggerOptions,
  type LoggerProvider,
  type LogRecord,
} from '@opentelemetry/api';
import { millisToHrTime } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { SCOPE } from '../names.ts';
import { tracedSpan } from '../tracing.ts';
import { copySimpleAttributes } from './light-attributes.ts';

/** What a batch processor does with a record: it keeps it, and changes nothing. */
interface RecordQueue {
  onEmit(record: ReadableLogRecord, scope: Context): void;
}

/**
 * A logger provider that makes the records of Waymark's own log by itself. The SDK makes its own so that processors can
 * still change them: it checks and sets one attribute after the other. What is not plain, and every other scope, is still
 * the SDK's.
 *
 * @param sdk with no other limits than its own
 * @param queues what `sdk` hands its records to
 */
export function createLightLoggerProvider(
  sdk: LoggerProvider,
  resource: Resource,
  queues: readonly RecordQueue[],
): LoggerProvider {
  const own = createLightLogger(sdk.getLogger(SCOPE), resource, queues);
  return {
    getLogger(name: string, version?: string, options?: LoggerOptions): Logger {
      const isOwn = name === SCOPE && version === undefined && options === undefined;
      return isOwn ? own : sdk.getLogger(name, version, options);
    },
  };
}

function createLightLogger(logger: Logger, resource: Resource, queues: readonly RecordQueue[]): Logger {
  const instrumentationScope = { name: SCOPE };
  return {
    enabled: (options) => logger.enabled(options),
    emit(record) {
      if (!isOurs(record)) {
        logger.emit(record);
        return;
      }
      // A copy, as the SDK makes one: the caller may go on with its own.
      const attributes = copySimpleAttributes(record.attributes);
      if (attributes === undefined) {
        logger.emit(record);
        return;
      }
      const { severityNumber, severityText, body, context: scope = context.active() } = record;
      const hrTime = millisToHrTime(Date.now());
      const made = {
        hrTime,
        hrTimeObserved: hrTime,
        severityNumber,
        severityText,
        body,
        resource,
        instrumentationScope,
        attributes,
        droppedAttributesCount: 0,
      };
      const spanContext = tracedSpan(scope);
      const readable: ReadableLogRecord = spanContext === undefined ? made : { ...made, spanContext };
      for (const queue of queues) queue.onEmit(readable, scope);
    },
  };
}

type OurRecord = LogRecord & Required<Pick<LogRecord, 'severityNumber' | 'severityText' | 'attributes'>>;

/** Whether a record has what those of Waymark's log have, and nothing else. */
function isOurs(record: LogRecord): record is OurRecord {
  const { severityNumber, severityText, attributes, timestamp, observedTimestamp, eventName, exception } = record;
  return (
    severityNumber !== undefined &&
    severityText !== undefined &&
    attributes !== undefined &&
    timestamp === undefined &&
    observedTimestamp === undefined &&
    eventName === undefined &&
    exception === undefined
  );
}
