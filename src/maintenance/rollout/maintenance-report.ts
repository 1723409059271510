import { join } from 'node:path';
import { readPolicy } from '../../models/policy-file.ts';
import { type Action, type Decided, initialState } from './policy-state.ts';
import { readState, stateFileOf } from './state-file.ts';

interface Reported extends Decided {
  readonly action: Action;
}

/** What the monitoring may do with a model, did last, and would do next. */
export interface MaintenanceReport {
  /** `off` where the policy, or what it remembers, cannot be used. */
  readonly mode: 'recommend' | 'automatic' | 'off';
  /** What is wrong with it. */
  readonly problem: string | null;
  readonly recommendation:
    | (Reported & { readonly since: string; readonly heldUntil: string | null; readonly failure: string | null })
    | null;
  /** What is waited for, where nothing is recommended. */
  readonly waitingFor: string | null;
  readonly lastAction: (Reported & { readonly at: string }) | null;
  /** Until then no training begins. */
  readonly cooldownUntil: string | null;
  readonly evaluatedAt: string | null;
}

/** Reads it from the files that all processes share. */
export async function reportMaintenance(
  modelsFolder: string,
  dataFolder: string,
  model: string,
): Promise<MaintenanceReport> {
  const { policy, problem } = await readPolicy(join(modelsFolder, model));
  const file = stateFileOf(dataFolder, model);
  const state = await readState(file).catch(() => undefined);
  const lost = state
    ? undefined
    : `DATA_DIR/maintenance/${model}.json cannot be used; without the file the policy begins anew`;
  const { recommendation, lastAction, lastAt, evaluatedAt, waitingFor } = state ?? initialState;
  const last = Math.max(0, ...Object.values(lastAt));
  const until = last + (policy?.cooldownSeconds ?? 0) * 1_000;
  return {
    mode: lost === undefined ? (policy?.mode ?? 'off') : 'off',
    problem: problem ?? lost ?? null,
    recommendation: recommendation && {
      ...recommendation,
      since: iso(recommendation.since),
      heldUntil: recommendation.heldUntil === null ? null : iso(recommendation.heldUntil),
    },
    waitingFor,
    lastAction: lastAction && { ...lastAction, at: iso(lastAction.at) },
    cooldownUntil: last > 0 && until > Date.now() ? iso(until) : null,
    evaluatedAt: evaluatedAt === null ? null : iso(evaluatedAt),
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
