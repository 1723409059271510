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

/** The part of a batch processor that takes records. It does not change them. */
interface RecordQueue {
  onEmit(record: ReadableLogRecord, scope: Context): void;
}

/**
 * Creates a logger provider that creates the records of Waymark's own log itself. The records of the SDK can still be
 * changed by processors, so it checks and sets one attribute after the other. Records with other than simple values, and
 * those of other scopes, are still created by the SDK.
 *
 * @param sdk the SDK's provider, with the default limits
 * @param queues the processors of `sdk`
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
      if (!isSimpleRecord(record)) {
        logger.emit(record);
        return;
      }
      // A copy, as in the SDK: the caller may change its own afterwards.
      const attributes = copySimpleAttributes(record.attributes);
      if (attributes === undefined) {
        logger.emit(record);
        return;
      }
      const { severityNumber, severityText, body, context: scope = context.active() } = record;
      const hrTime = millisToHrTime(Date.now());
      const untraced = {
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
      const readable: ReadableLogRecord = spanContext === undefined ? untraced : { ...untraced, spanContext };
      for (const queue of queues) queue.onEmit(readable, scope);
    },
  };
}

type SimpleRecord = LogRecord & Required<Pick<LogRecord, 'severityNumber' | 'severityText' | 'attributes'>>;

/** Returns whether a record has the fields of Waymark's own log, and no others. */
function isSimpleRecord(record: LogRecord): record is SimpleRecord {
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
