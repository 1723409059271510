import type { Policy } from '../../models/policy-file.ts';
import { Problem } from '../../platform/problems.ts';
import { exceptionAttributes, type Log } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../../telemetry/names.ts';
import { decide, taken } from './policy.ts';
import type { PolicyMeasurements } from './policy-measurements.ts';
import type { Decided, Decision, PolicyState } from './policy-state.ts';
import type { Evaluation } from './policy-telemetry.ts';

/** What a look at a model works with. */
export interface LookContext {
  readonly model: string;
  readonly policy: Policy;
  readonly now: number;
  readonly log: Log;
  readonly read: () => Promise<PolicyState>;
  readonly write: (state: PolicyState) => Promise<void>;
  readonly measure: (state: PolicyState) => Promise<PolicyMeasurements>;
  readonly apply: (decided: Decided) => Promise<void>;
}

/** Measures, decides, and does what was decided, or recommends it; what there is to remember is written before and after. */
export async function look(context: LookContext): Promise<{ evaluation: Evaluation; isNews: boolean }> {
  const { model, policy, now, read, write, measure } = context;
  const before = await read();
  const { state, decision } = decide(policy, before, await measure(before));
  const { action, reason, numbers } = decision;
  if (decision.action === 'none') {
    await write({ ...state, recommendation: null, waitingFor: reason, evaluatedAt: now });
    return { evaluation: { model, action, version: null, reason, numbers, applied: false }, isNews: false };
  }
  const { version } = decision;
  const mayAct = policy.mode === 'automatic' && decision.heldUntil === undefined;
  const failure = mayAct ? await act(context, state, decision) : null;
  const applied = mayAct && failure === null;
  const after = applied ? taken(state, decision, now) : recommended(state, decision, failure, now);
  const isNews = applied || isToTell(policy, before, after, now);
  const what = told(after);
  await write({
    ...after,
    told: isNews && what !== undefined ? { what, at: now } : after.told,
    waitingFor: null,
    evaluatedAt: now,
  });
  return { evaluation: { model, action, version, reason, numbers, applied }, isNews };
}

/** Does what was decided. Should the process end in the middle, the next look finds what was about to be done. */
async function act(context: LookContext, state: PolicyState, decided: Decided): Promise<string | null> {
  const { model, now, log, write, apply } = context;
  const { action, version, reason, numbers } = decided;
  await write({ ...state, pending: { action, version, reason, numbers, at: now }, evaluatedAt: now });
  try {
    await apply(decided);
    return null;
  } catch (error) {
    const message = error instanceof Problem ? error.message : 'the log of the service holds the reason';
    // It is tried again at the next look: a failure that lasts is told once.
    if (state.recommendation?.failure !== message) {
      log.error('maintenance failed', { [ATTRIBUTE.modelName]: model, ...exceptionAttributes(error) });
    }
    return message;
  }
}

function recommended(
  state: PolicyState,
  { action, version, reason, numbers, heldUntil }: Exclude<Decision, { action: 'none' }>,
  failure: string | null,
  now: number,
): PolicyState {
  const known = state.recommendation;
  const since = known?.action === action && known.version === version ? known.since : now;
  return {
    ...state,
    pending: null,
    recommendation: { action, version, reason, numbers, since, heldUntil: heldUntil ?? null, failure },
  };
}

/** One that comes and goes at its limit is told once in a cool-down. */
function isToTell(policy: Policy, before: PolicyState, after: PolicyState, now: number): boolean {
  if (after.told?.what !== told(after)) return true;
  const isNew = before.recommendation === null;
  return isNew && now - (after.told?.at ?? 0) > policy.cooldownSeconds * 1_000;
}

function told({ recommendation }: PolicyState): string | undefined {
  if (!recommendation) return undefined;
  return `${recommendation.action} ${recommendation.version ?? ''} ${recommendation.failure ?? ''}`;
}
