import type { FeedbackStore } from '../../feedback/feedback-store.ts';
import type { ModelRegistry } from '../../models/registry.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { Log } from '../../telemetry/logs/log.ts';
import type { Retrainer } from '../retraining/retrainer.ts';
import { applyDecision } from './apply-decision.ts';
import { type Evaluator, startEvaluator } from './evaluator.ts';
import { type MaintenanceReport, reportMaintenance } from './maintenance-report.ts';
import { measureForPolicy, type PolicyMeasurementSources } from './policy-measurements.ts';
import { createSharedStates, createStateFiles } from './policy-states.ts';

/** The automatic maintenance of the models: evaluations by their policies, and reports about them. */
export interface Maintenance extends Evaluator {
  /** Reports a model's policy mode, its last action and its recommendation. */
  report(model: string): Promise<MaintenanceReport>;
}

/** Dependencies of {@link startMaintenance}. */
export interface MaintenanceOptions extends Omit<PolicyMeasurementSources, 'registry' | 'retrainer'> {
  readonly modelsFolder: string;
  /** The service's `DATA_DIR`. */
  readonly dataFolder: string;
  readonly registry: PolicyMeasurementSources['registry'] & Pick<ModelRegistry, 'models' | 'change'>;
  readonly feedbackStore: PolicyMeasurementSources['feedbackStore'] & Pick<FeedbackStore, 'shared'>;
  readonly retrainer: Pick<Retrainer, 'start' | 'list'>;
  readonly instruments: Pick<Instruments, 'maintenanceDecisions'>;
  readonly log: Log;
}

/** Starts periodic evaluations of the models. The registry and the retrainer carry out the decisions. */
export function startMaintenance(options: MaintenanceOptions): Maintenance {
  const { modelsFolder, dataFolder, feedbackStore, registry, retrainer, instruments, log } = options;
  const states = feedbackStore.shared ? createSharedStates(feedbackStore.shared) : createStateFiles(dataFolder);
  const actions = { changeRole: registry.change, retrain: retrainer.start };
  const evaluator = startEvaluator({
    modelsFolder,
    states,
    models: registry.models,
    measure: (model, policy, state) => measureForPolicy(registry.models().get(model)!, policy, state, options),
    apply: (model, policy, decision) => applyDecision(actions, model, policy, decision),
    instruments,
    log,
  });
  return { ...evaluator, report: (model) => reportMaintenance(modelsFolder, states, model) };
}
