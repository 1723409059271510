import { join } from 'node:path';
import { readPolicy } from '../../models/policy-file.ts';
import { type ActionDecision, initialState } from './policy-state.ts';
import type { PolicyStates } from './policy-states.ts';

/** A model's policy mode, last action and recommendation, as `GET /models/{name}` shows them; times in ISO 8601. */
export interface MaintenanceReport {
  /** `off` where the policy file or the policy's state cannot be used. */
  readonly mode: 'recommend' | 'automatic' | 'off';
  /** The error in the policy file or in the policy's state. */
  readonly problem: string | null;
  readonly recommendation:
    | (ActionDecision & {
        readonly since: string;
        readonly heldUntil: string | null;
        readonly failure: string | null;
      })
    | null;
  /** The reason why nothing is recommended. */
  readonly waitingFor: string | null;
  readonly lastAction: (ActionDecision & { readonly at: string }) | null;
  /** No retraining starts before this time. */
  readonly cooldownUntil: string | null;
  readonly evaluatedAt: string | null;
}

/** Reads a model's report from the policy file and the state of the policy, which all processes share. */
export async function reportMaintenance(
  modelsFolder: string,
  states: PolicyStates,
  model: string,
): Promise<MaintenanceReport> {
  const { policy, problem } = await readPolicy(join(modelsFolder, model));
  const state = await states.read(model).catch(() => undefined);
  const stateProblem = state ? undefined : states.describeRemedy(model);
  const { recommendation, lastAction, lastAt, evaluatedAt, waitingFor } = state ?? initialState;
  // A time after now exists if the clock was ahead once. The next evaluation replaces it.
  const now = Date.now();
  const last = Math.min(now, Math.max(0, ...Object.values(lastAt)));
  const cooldownEnd = last + (policy?.cooldownSeconds ?? 0) * 1_000;
  return {
    mode: stateProblem === undefined ? (policy?.mode ?? 'off') : 'off',
    problem: problem ?? stateProblem ?? null,
    recommendation: recommendation && {
      ...recommendation,
      since: iso(recommendation.since),
      heldUntil: recommendation.heldUntil === null ? null : iso(recommendation.heldUntil),
    },
    waitingFor,
    lastAction: lastAction && { ...lastAction, at: iso(lastAction.at) },
    cooldownUntil: last > 0 && cooldownEnd > now ? iso(cooldownEnd) : null,
    evaluatedAt: evaluatedAt === null ? null : iso(evaluatedAt),
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
