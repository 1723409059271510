import { type Attributes, trace } from '@opentelemetry/api';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { Log } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE, LABEL, SCOPE, SPAN } from '../../telemetry/names.ts';
import { withinSpan } from '../../telemetry/tracing.ts';
import type { Action } from './policy-state.ts';

/** The result of evaluating one model. */
export interface Evaluation {
  readonly model: string;
  readonly action: Action | 'none';
  /** The version that the action concerns; null where there is none. */
  readonly version: string | null;
  readonly reason: string;
  readonly numbers: Readonly<Record<string, number | null>>;
  readonly applied: boolean;
}

/** An evaluation, with whether it is logged and counted. */
export interface ReportableEvaluation {
  readonly evaluation: Evaluation;
  /** True for an action, and for a recommendation that was not logged before. */
  readonly isNew: boolean;
}

/** Evaluates a model within a `model.evaluate` span. A new result is also logged and counted. */
export function recordEvaluation(
  model: string,
  evaluate: () => Promise<ReportableEvaluation>,
  log: Log,
  { maintenanceDecisions }: Pick<Instruments, 'maintenanceDecisions'>,
): Promise<Evaluation> {
  const span = trace.getTracer(SCOPE).startSpan(SPAN.evaluateModel, { attributes: { [ATTRIBUTE.modelName]: model } });
  return withinSpan(span, async () => {
    const { evaluation, isNew } = await evaluate();
    const attributes = attributesOf(evaluation);
    span.setAttributes(attributes);
    if (isNew) {
      const { action, applied } = evaluation;
      log.info('model maintenance', attributes);
      maintenanceDecisions.add(1, {
        [LABEL.model]: model,
        [LABEL.action]: action,
        [LABEL.applied]: String(applied),
      });
    }
    return evaluation;
  });
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
