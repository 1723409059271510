import { type Attributes, trace } from '@opentelemetry/api';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { Log } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE, LABEL, SCOPE, SPAN } from '../../telemetry/names.ts';
import { withinSpan } from '../../telemetry/tracing.ts';
import type { Action } from './policy-state.ts';

/** What one look at a model came to. */
export interface Evaluation {
  readonly model: string;
  readonly action: Action | 'none';
  /** The version that it is about. */
  readonly version: string | null;
  readonly reason: string;
  readonly numbers: Readonly<Record<string, number | null>>;
  readonly applied: boolean;
}

/** Lets an evaluation be followed: as a span, and, where it is news, as a log record and a count. */
export interface EvaluationTelemetry {
  follow(model: string, look: () => Promise<{ evaluation: Evaluation; isNews: boolean }>): Promise<Evaluation>;
}

export function evaluationTelemetry(log: Log, { maintenanceDecisions }: Pick<Instruments, 'maintenanceDecisions'>) {
  const tracer = trace.getTracer(SCOPE);
  return {
    follow: (model, look) =>
      withinSpan(
        tracer.startSpan(SPAN.evaluateModel, { attributes: { [ATTRIBUTE.modelName]: model } }),
        async (span) => {
          const { evaluation, isNews } = await look();
          const attributes = attributesOf(evaluation);
          span.setAttributes(attributes);
          if (isNews) {
            const { action, applied } = evaluation;
            log.info('model maintenance', attributes);
            maintenanceDecisions.add(1, {
              [LABEL.model]: model,
              [LABEL.action]: action,
              [LABEL.applied]: String(applied),
            });
          }
          return evaluation;
        },
      ),
  } satisfies EvaluationTelemetry;
}

function attributesOf({ model, version, action, applied, reason, numbers }: Evaluation): Attributes {
  return {
    [ATTRIBUTE.modelName]: model,
    ...(version !== null && { [ATTRIBUTE.modelVersion]: version }),
    [ATTRIBUTE.maintenanceAction]: action,
    [ATTRIBUTE.maintenanceApplied]: applied,
    [ATTRIBUTE.maintenanceReason]: reason,
    [ATTRIBUTE.maintenanceNumbers]: JSON.stringify(numbers),
  };
}
