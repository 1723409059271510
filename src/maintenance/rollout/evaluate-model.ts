import type { Policy } from '../../models/policy-file.ts';
import { Problem } from '../../platform/problems.ts';
import { exceptionAttributes, type Log } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../../telemetry/names.ts';
import { decide } from './policy.ts';
import type { PolicyMeasurements } from './policy-measurements.ts';
import type { ActionDecision, Decision, PolicyState } from './policy-state.ts';
import type { ReportableEvaluation } from './policy-telemetry.ts';
import { recordAction } from './state-updates.ts';

/** The model to evaluate, and the operations that an evaluation needs. */
export interface EvaluationContext {
  readonly model: string;
  readonly policy: Policy;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly log: Log;
  readonly readState: () => Promise<PolicyState>;
  readonly writeState: (state: PolicyState) => Promise<void>;
  readonly measure: (state: PolicyState) => Promise<PolicyMeasurements>;
  readonly apply: (decision: ActionDecision) => Promise<void>;
}

/**
 * Measures a model, decides by its policy, and carries out or recommends the decision. The state is written before an
 * action and after each evaluation.
 *
 * @throws {Error} if the state cannot be read or written, or the measurements fail; a failed action is recommended instead
 */
export async function evaluateModel(context: EvaluationContext): Promise<ReportableEvaluation> {
  const { model, policy, now, readState, writeState, measure } = context;
  const before = await readState();
  const { state, decision } = decide(policy, before, await measure(before));
  const { action, reason, numbers } = decision;
  if (decision.action === 'none') {
    await writeState({ ...state, recommendation: null, waitingFor: reason, evaluatedAt: now });
    return { evaluation: { model, action, version: null, reason, numbers, applied: false }, isNew: false };
  }
  const { version } = decision;
  const mayAct = policy.mode === 'automatic' && decision.coolDownUntil === undefined && decision.unproven === undefined;
  const failure = mayAct ? await act(context, state, decision) : null;
  const applied = mayAct && failure === null;
  const after = applied ? recordAction(state, decision, now) : withRecommendation(state, decision, failure, now);
  const isNew = applied || isNewRecommendation(policy, before, after, now);
  const summary = summaryOf(after.recommendation);
  await writeState({
    ...after,
    told: isNew && summary !== undefined ? { what: summary, at: now } : after.told,
    waitingFor: null,
    evaluatedAt: now,
  });
  return { evaluation: { model, action, version, reason, numbers, applied }, isNew };
}

/**
 * Carries out a decision; returns the reason where that fails. If the process ends in between, the next evaluation finds
 * the pending action in the state.
 */
async function act(context: EvaluationContext, state: PolicyState, decision: ActionDecision): Promise<string | null> {
  const { model, now, log, writeState, apply } = context;
  const { action, version, reason, numbers } = decision;
  await writeState({ ...state, pending: { action, version, reason, numbers, at: now }, evaluatedAt: now });
  try {
    await apply(decision);
    return null;
  } catch (error) {
    const message = error instanceof Problem ? error.message : "the reason is in the service's log";
    // Each evaluation tries the action again, so the same failure is logged only once.
    if (state.recommendation?.failure !== message) {
      log.error('maintenance failed', { [ATTRIBUTE.modelName]: model, ...exceptionAttributes(error) });
    }
    return message;
  }
}

function withRecommendation(
  state: PolicyState,
  { action, version, reason, numbers, coolDownUntil }: Exclude<Decision, { action: 'none' }>,
  failure: string | null,
  now: number,
): PolicyState {
  const known = state.recommendation;
  const since = known?.action === action && known.version === version ? known.since : now;
  return {
    ...state,
    pending: null,
    recommendation: { action, version, reason, numbers, since, heldUntil: coolDownUntil ?? null, failure },
  };
}

/** Returns whether a recommendation is to be logged. If the same one comes and goes, it is logged once in a cool-down. */
function isNewRecommendation(policy: Policy, before: PolicyState, after: PolicyState, now: number): boolean {
  if (after.told?.what !== summaryOf(after.recommendation)) return true;
  const isBack = before.recommendation === null;
  return isBack && now - (after.told?.at ?? 0) > policy.cooldownSeconds * 1_000;
}

function summaryOf(recommendation: PolicyState['recommendation']): string | undefined {
  if (!recommendation) return undefined;
  return `${recommendation.action} ${recommendation.version ?? ''} ${recommendation.failure ?? ''}`;
}
