import { context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Instruments } from '../../telemetry/instruments.ts';
import { exceptionAttributes, type Log } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE, LABEL, SCOPE, SPAN } from '../../telemetry/names.ts';
import { traceIds } from '../../telemetry/tracing.ts';
import type { RetrainJob } from './job.ts';
import type { RetrainedVersion, RetrainFailure } from './process-messages.ts';

/** The `model.train` span of a job. */
export interface JobSpan {
  readonly traceId: string;
  /** Runs work with the span as the active span. */
  within<T>(work: () => Promise<T>): Promise<T>;
  end(job: RetrainJob, retrained?: RetrainedVersion): void;
}

/** Logs and counts the events of jobs. */
export interface RetrainTelemetry {
  recordStart(job: RetrainJob): void;
  recordEnd(job: RetrainJob, retrained?: RetrainedVersion): void;
  recordFailure(job: RetrainJob, failure: RetrainFailure, error: unknown): void;
  recordWriteError(job: RetrainJob, error: unknown): void;
}

/** Starts the span of a job in a new trace, because the job outlives its request. The span links to the request. */
export function startJobSpan(model: string, id: string): JobSpan {
  const requestSpan = trace.getActiveSpan()?.spanContext();
  const span = trace.getTracer(SCOPE).startSpan(
    SPAN.trainModel,
    {
      root: true,
      attributes: { [ATTRIBUTE.modelName]: model, [ATTRIBUTE.trainingJob]: id },
      links: requestSpan ? [{ context: requestSpan }] : [],
    },
    ROOT_CONTEXT,
  );
  const scope = trace.setSpan(ROOT_CONTEXT, span);
  return {
    traceId: traceIds(scope).traceId,
    within: (work) => context.with(scope, work),
    end(job, retrained) {
      span.setAttributes(outcomeOf(job, retrained));
      if (job.failure) span.setStatus({ code: SpanStatusCode.ERROR, message: job.failure.reason });
      span.end();
    },
  };
}

/** Creates the telemetry of jobs. */
export function createRetrainTelemetry(
  log: Log,
  { retrainJobs, retrainDuration }: Pick<Instruments, 'retrainJobs' | 'retrainDuration'>,
): RetrainTelemetry {
  const attributesOf = ({ model, id }: RetrainJob) => ({ [ATTRIBUTE.modelName]: model, [ATTRIBUTE.trainingJob]: id });
  return {
    recordStart: (job) => log.info('retraining started', attributesOf(job)),
    recordEnd(job, retrained) {
      const labels = { [LABEL.model]: job.model, [LABEL.outcome]: job.state };
      retrainJobs.add(1, labels);
      const seconds = (Date.parse(job.endedAt!) - Date.parse(job.startedAt)) / 1000;
      retrainDuration.record(seconds, labels);
      const attributes = { ...attributesOf(job), ...outcomeOf(job, retrained), [ATTRIBUTE.trainingDuration]: seconds };
      log.info('retraining ended', attributes);
    },
    recordFailure(job, { reason, detail, stack }, error) {
      const stacktrace = stack ?? (reason === 'crashed' || reason === 'refused' ? (error as Error).stack : undefined);
      log.error('retraining failed', {
        ...attributesOf(job),
        [ATTRIBUTE.errorType]: reason,
        [ATTRIBUTE.reason]: detail,
        ...(stacktrace && { [ATTRIBUTE.exceptionStacktrace]: stacktrace }),
      });
    },
    recordWriteError: (job, error) =>
      log.error('retraining job not saved', { ...attributesOf(job), ...exceptionAttributes(error) }),
  };
}

function outcomeOf({ state }: RetrainJob, retrained: RetrainedVersion | undefined) {
  if (!retrained) return { [ATTRIBUTE.trainingOutcome]: state };
  const { version, bytes, training } = retrained;
  return {
    [ATTRIBUTE.trainingOutcome]: state,
    [ATTRIBUTE.modelVersion]: version,
    [ATTRIBUTE.modelBytes]: bytes,
    [ATTRIBUTE.trainingDocuments]: training.documents,
    [ATTRIBUTE.trainingFeedback]: training.feedback?.documents ?? 0,
  };
}
