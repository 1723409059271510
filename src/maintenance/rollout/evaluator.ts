import { join } from 'node:path';
import { type Policy, type PolicyFile, readPolicy } from '../../models/policy-file.ts';
import type { Models } from '../../models/store.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import { exceptionAttributes, type Log } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../../telemetry/names.ts';
import { evaluateModel } from './evaluate-model.ts';
import type { PolicyMeasurements } from './policy-measurements.ts';
import type { ActionDecision, PolicyState } from './policy-state.ts';
import type { PolicyStates } from './policy-states.ts';
import { type Evaluation, recordEvaluation } from './policy-telemetry.ts';

/** Evaluates the models periodically, and carries out or recommends the decisions of their policies. */
export interface Evaluator {
  /**
   * Evaluates models now.
   *
   * @param names the models to evaluate, or undefined for all; models that are not loaded are ignored
   * @throws {Error} if a state cannot be read or written, or the measurements fail
   */
  evaluate(names?: readonly string[]): Promise<Evaluation[]>;
  /** Stops the periodic evaluations, and resolves when the last one has ended. */
  close(): Promise<void>;
}

/** Dependencies of {@link startEvaluator}. */
export interface EvaluatorOptions {
  readonly modelsFolder: string;
  readonly states: PolicyStates;
  readonly models: () => Models;
  readonly measure: (model: string, policy: Policy, state: PolicyState) => Promise<PolicyMeasurements>;
  readonly apply: (model: string, policy: Policy, decision: ActionDecision) => Promise<void>;
  readonly log: Log;
  readonly instruments: Pick<Instruments, 'maintenanceDecisions'>;
  /** Milliseconds until the first evaluation, and the longest time until a changed policy file takes effect. */
  readonly maxPauseMs?: number;
}

/**
 * Starts periodic evaluations. All processes that share the states may start them: a lock lets one process evaluate at a
 * time, and the others skip a model that was just evaluated.
 */
export function startEvaluator(options: EvaluatorOptions): Evaluator {
  const { modelsFolder, states, models, measure, apply, log, instruments, maxPauseMs = 5_000 } = options;
  const loggedProblems = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let closed = false;

  /** Returns whether a problem differs from the last one of this source, so that each problem is logged once. */
  function isNewProblem(source: string, problem: string | undefined): problem is string {
    const known = loggedProblems.get(source);
    if (problem === undefined) loggedProblems.delete(source);
    else loggedProblems.set(source, problem);
    return problem !== undefined && problem !== known;
  }

  async function readPolicyOf(model: string): Promise<PolicyFile> {
    const file = await readPolicy(join(modelsFolder, model));
    if (isNewProblem(`policy of ${model}`, file.problem)) {
      log.warn('policy refused', { [ATTRIBUTE.modelName]: model, [ATTRIBUTE.reason]: file.problem! });
    }
    return file;
  }

  async function evaluateOne(model: string, policy: Policy, onlyIfDue: boolean): Promise<Evaluation | undefined> {
    const isDue = async () => {
      const age = Date.now() - ((await states.read(model)).evaluatedAt ?? 0);
      // A negative age means that the clock was ahead once.
      return age < 0 || age >= policy.everySeconds * 1_000;
    };
    if (onlyIfDue && !(await isDue())) return undefined;
    return states.withLock(async (write) => {
      // Another process may have evaluated the model while this process waited for the lock.
      if (onlyIfDue && !(await isDue())) return undefined;
      const evaluate = () =>
        evaluateModel({
          model,
          policy,
          now: Date.now(),
          log,
          readState: () => states.read(model),
          writeState: (state) => write(model, state),
          measure: (state) => measure(model, policy, state),
          apply: (decision) => apply(model, policy, decision),
        });
      return recordEvaluation(model, evaluate, log, instruments);
    });
  }

  async function evaluateSome(names: readonly string[], onlyIfDue: boolean) {
    const evaluations: Evaluation[] = [];
    let pauseMs = maxPauseMs;
    for (const model of names) {
      const { policy } = await readPolicyOf(model);
      if (!policy) continue;
      pauseMs = Math.min(pauseMs, policy.everySeconds * 1_000);
      const evaluation = await evaluateOne(model, policy, onlyIfDue);
      if (evaluation) evaluations.push(evaluation);
    }
    return { evaluations, pauseMs };
  }

  async function evaluateDue(): Promise<void> {
    let pauseMs = maxPauseMs;
    for (const model of models().keys()) {
      try {
        pauseMs = Math.min(pauseMs, (await evaluateSome([model], true)).pauseMs);
        isNewProblem(model, undefined);
      } catch (error) {
        if (isNewProblem(model, (error as Error).message)) {
          log.error('maintenance failed', { [ATTRIBUTE.modelName]: model, ...exceptionAttributes(error) });
        }
      }
    }
    if (!closed) scheduleNext(pauseMs);
  }

  function scheduleNext(pauseMs: number): void {
    timer = setTimeout(() => {
      running = evaluateDue();
    }, pauseMs).unref();
  }

  scheduleNext(maxPauseMs);
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
