import type { ModelRegistry } from '../../models/registry.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { Log } from '../../telemetry/logs/log.ts';
import type { Retrainer } from '../retraining/retrainer.ts';
import { apply } from './apply.ts';
import { type Evaluator, startEvaluator } from './evaluator.ts';
import { type MaintenanceReport, reportMaintenance } from './maintenance-report.ts';
import { measureForPolicy, type PolicySources } from './measure-for-policy.ts';

/** What the monitoring does with the models by itself. */
export interface Maintenance extends Evaluator {
  /** What it may do with a model, did last, and would do next. */
  report(model: string): Promise<MaintenanceReport>;
}

export interface MaintenanceOptions extends Omit<PolicySources, 'registry' | 'retrainer'> {
  readonly modelsFolder: string;
  readonly dataFolder: string;
  readonly registry: PolicySources['registry'] & Pick<ModelRegistry, 'models' | 'change'>;
  readonly retrainer: Pick<Retrainer, 'start' | 'list'>;
  readonly instruments: Pick<Instruments, 'maintenanceDecisions'>;
  readonly log: Log;
}

/** Starts it: policies are read, measurements are taken, and decisions carried out through the registry and the retrainer. */
export function startMaintenance(options: MaintenanceOptions): Maintenance {
  const { modelsFolder, dataFolder, registry, retrainer, instruments, log } = options;
  const hands = { change: registry.change, retrain: retrainer.start };
  const evaluator = startEvaluator({
    modelsFolder,
    dataFolder,
    models: registry.models,
    measure: (model, policy, state) => measureForPolicy(registry.models().get(model)!, policy, state, options),
    apply: (model, policy, decided) => apply(hands, model, policy, decided),
    instruments,
    log,
  });
  return { ...evaluator, report: (model) => reportMaintenance(modelsFolder, dataFolder, model) };
}
