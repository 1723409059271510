import { context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Instruments } from '../../telemetry/instruments.ts';
import { exceptionAttributes, type Log } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE, LABEL, SCOPE, SPAN } from '../../telemetry/names.ts';
import { traceIds } from '../../telemetry/tracing.ts';
import type { RetrainJob } from './job.ts';
import type { Retrained, RetrainFailure } from './process-messages.ts';

/** The `model.train` span of a job. */
export interface JobSpan {
  readonly traceId: string;
  /** Runs what belongs to it. */
  within<T>(work: () => Promise<T>): Promise<T>;
  end(job: RetrainJob, retrained?: Retrained): void;
}

/** What the log and the metrics say of jobs. */
export interface RetrainTelemetry {
  started(job: RetrainJob): void;
  ended(job: RetrainJob, retrained?: Retrained): void;
  failed(job: RetrainJob, failure: RetrainFailure, error: unknown): void;
  unwritten(job: RetrainJob, error: unknown): void;
}

/** Begins the span of a job: a trace of its own, for it outlives the request that asked for it, with a link to that. */
export function jobSpan(model: string, id: string): JobSpan {
  const asking = trace.getActiveSpan()?.spanContext();
  const span = trace.getTracer(SCOPE).startSpan(
    SPAN.trainModel,
    {
      root: true,
      attributes: { [ATTRIBUTE.modelName]: model, [ATTRIBUTE.trainingJob]: id },
      links: asking ? [{ context: asking }] : [],
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

export function retrainTelemetry(
  log: Log,
  { retrainJobs, retrainDuration }: Pick<Instruments, 'retrainJobs' | 'retrainDuration'>,
): RetrainTelemetry {
  const named = ({ model, id }: RetrainJob) => ({ [ATTRIBUTE.modelName]: model, [ATTRIBUTE.trainingJob]: id });
  return {
    started: (job) => log.info('retraining started', named(job)),
    ended(job, retrained) {
      const labels = { [LABEL.model]: job.model, [LABEL.outcome]: job.state };
      retrainJobs.add(1, labels);
      const seconds = (Date.parse(job.endedAt!) - Date.parse(job.startedAt)) / 1000;
      retrainDuration.record(seconds, labels);
      const attributes = { ...named(job), ...outcomeOf(job, retrained), [ATTRIBUTE.trainingDuration]: seconds };
      log.info('retraining ended', attributes);
    },
    failed(job, { reason, detail, stack }, error) {
      const where = stack ?? (reason === 'crashed' || reason === 'refused' ? (error as Error).stack : undefined);
      log.error('retraining failed', {
        ...named(job),
        [ATTRIBUTE.errorType]: reason,
        [ATTRIBUTE.reason]: detail,
        ...(where && { [ATTRIBUTE.exceptionStacktrace]: where }),
      });
    },
    unwritten: (job, error) =>
      log.error('retraining not written down', { ...named(job), ...exceptionAttributes(error) }),
  };
}

function outcomeOf({ state }: RetrainJob, retrained: Retrained | undefined) {
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
