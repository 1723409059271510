import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Policy, type PolicyFile, readPolicy } from '../../models/policy-file.ts';
import type { Models } from '../../models/store.ts';
import { withLock } from '../../platform/file-lock.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { exceptionAttributes, type Log } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../../telemetry/names.ts';
import { look } from './evaluate-model.ts';
import type { PolicyMeasurements } from './policy-measurements.ts';
import type { Decided, PolicyState } from './policy-state.ts';
import { type Evaluation, evaluationTelemetry } from './policy-telemetry.ts';
import { readState, stateFileOf, writeState } from './state-file.ts';

/** Looks at the models every so often, and does or recommends what their policies say. */
export interface Evaluator {
  /** Looks now, at the models that are named or at all; those that are not loaded are passed over. */
  evaluate(names?: readonly string[]): Promise<Evaluation[]>;
  /** Looks no more, and resolves when the last look is done. */
  close(): Promise<void>;
}

export interface EvaluatorOptions {
  readonly modelsFolder: string;
  readonly dataFolder: string;
  readonly models: () => Models;
  readonly measure: (model: string, policy: Policy, state: PolicyState) => Promise<PolicyMeasurements>;
  readonly apply: (model: string, policy: Policy, decided: Decided) => Promise<void>;
  readonly log: Log;
  readonly instruments: Pick<Instruments, 'maintenanceDecisions'>;
  /** Until the first look, and until a changed policy file is noticed at the latest. */
  readonly longestPauseMs?: number;
}

/**
 * Starts the looks. Every process of a `DATA_DIR` may: they take turns, and whoever comes when a model was just looked at
 * passes it over.
 */
export function startEvaluator(options: EvaluatorOptions): Evaluator {
  const { modelsFolder, dataFolder, models, measure, apply, log, longestPauseMs = 5_000 } = options;
  const telemetry = evaluationTelemetry(log, options.instruments);
  const troubles = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let closed = false;

  function isNewTrouble(model: string, trouble: string | undefined): trouble is string {
    const known = troubles.get(model);
    if (trouble === undefined) troubles.delete(model);
    else troubles.set(model, trouble);
    return trouble !== undefined && trouble !== known;
  }

  async function policyOf(model: string): Promise<PolicyFile> {
    const file = await readPolicy(join(modelsFolder, model));
    if (isNewTrouble(`policy of ${model}`, file.problem)) {
      log.warn('policy refused', { [ATTRIBUTE.modelName]: model, [ATTRIBUTE.reason]: file.problem! });
    }
    return file;
  }

  /** @param onlyIfDue not where somebody has just looked */
  async function evaluateOne(model: string, policy: Policy, onlyIfDue: boolean): Promise<Evaluation | undefined> {
    const file = stateFileOf(dataFolder, model);
    const isDue = async () => Date.now() - ((await readState(file)).evaluatedAt ?? 0) >= policy.everySeconds * 1_000;
    if (onlyIfDue && !(await isDue())) return undefined;
    await mkdir(join(dataFolder, 'maintenance'), { recursive: true });
    return withLock(join(dataFolder, 'maintenance', 'evaluator.lock'), async () => {
      if (onlyIfDue && !(await isDue())) return undefined;
      return telemetry.follow(model, () =>
        look({
          model,
          policy,
          now: Date.now(),
          log,
          read: () => readState(file),
          write: (state) => writeState(file, state),
          measure: (state) => measure(model, policy, state),
          apply: (decided) => apply(model, policy, decided),
        }),
      );
    });
  }

  async function evaluateSome(names: readonly string[], onlyIfDue: boolean) {
    const evaluations: Evaluation[] = [];
    let pauseMs = longestPauseMs;
    for (const model of names) {
      const { policy } = await policyOf(model);
      if (!policy) continue;
      pauseMs = Math.min(pauseMs, policy.everySeconds * 1_000);
      const evaluation = await evaluateOne(model, policy, onlyIfDue);
      if (evaluation) evaluations.push(evaluation);
    }
    return { evaluations, pauseMs };
  }

  async function lookAgain(): Promise<void> {
    let pauseMs = longestPauseMs;
    for (const model of models().keys()) {
      try {
        pauseMs = Math.min(pauseMs, (await evaluateSome([model], true)).pauseMs);
        isNewTrouble(model, undefined);
      } catch (error) {
        if (isNewTrouble(model, (error as Error).message)) {
          log.error('maintenance failed', { [ATTRIBUTE.modelName]: model, ...exceptionAttributes(error) });
        }
      }
    }
    if (!closed) lookLater(pauseMs);
  }

  function lookLater(pauseMs: number): void {
    timer = setTimeout(() => {
      running = lookAgain();
    }, pauseMs).unref();
  }

  lookLater(longestPauseMs);
  return {
    async evaluate(names) {
      const loaded = [...models().keys()];
      const chosen = names ? loaded.filter((model) => names.includes(model)) : loaded;
      return (await evaluateSome(chosen, false)).evaluations;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
