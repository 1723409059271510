import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RetrainJob } from './maintenance/retraining/job.ts';
import type { Retrainer } from './maintenance/retraining/retrainer.ts';
import type { ModelVersions } from './models/store.ts';
import type { Config } from './platform/config.ts';
import { observeProcess } from './process/observe-process.ts';
import { ProcessHistory } from './recent/history/process-history.ts';
import { RequestTracker } from './recent/history/request-tracker.ts';
import { PredictionMemory } from './recent/memory/prediction-memory.ts';
import type { OtherWorkers } from './recent/queries/questions.ts';
import { RecentPredictions } from './recent/queries/recent-predictions.ts';

/** A change of roles that is older was made before this process noticed it. Its own time then counts. */
const MAX_AGE_MS = 60_000;

/** The worker that this process is. */
export interface OwnWorker {
  readonly index: number;
  readonly others: OtherWorkers;
}

/** The memory of predictions, connected to the parts of the service that it observes. */
export interface RememberedPredictions {
  readonly recent: RecentPredictions;
  /** Records the changes of roles. */
  readonly onSwap: (versions: ModelVersions, changedAt: number) => void;
  /** Records a retraining. */
  readonly onRun: (job: RetrainJob, ended: Promise<unknown>, retrainer: Pick<Retrainer, 'show'>) => void;
  /** Stops the measurements. */
  readonly stop: () => void;
}

/** Creates the memory of predictions of this process, and starts its measurements. */
export function rememberPredictions(config: Config, worker: OwnWorker | undefined): RememberedPredictions {
  const memory = new PredictionMemory({
    since: Date.now(),
    worker: worker?.index ?? 1,
    captureText: config.CAPTURE_TEXT,
  });
  const history = new ProcessHistory();
  const tracker = new RequestTracker(memory, history);
  const recent = new RecentPredictions({
    memory,
    history,
    tracker,
    others: worker?.others,
    nextTurn: () => nextTurn(),
  });
  const name = worker ? `Worker ${worker.index}` : 'The service';
  recent.recordEvent({ time: new Date().toISOString(), kind: 'start', detail: `${name} started.` });
  return {
    recent,
    onSwap: recordRoleChanges(recent),
    onRun: (job, ended, retrainer) => {
      recordRetraining(recent, job, ended, retrainer).catch(() => {
        // The state of the job cannot be read. That it ended is recorded already.
      });
    },
    stop: observeProcess({ memory, history, tracker }),
  };
}

/** Records each version that gets or loses a role, except for the roles at the start. */
function recordRoleChanges(recent: RecentPredictions): RememberedPredictions['onSwap'] {
  const last = new Map<string, ReadonlyMap<string, string>>();
  return (versions, changedAt) => {
    const { name } = versions;
    const roles = rolesOf(versions);
    const before = last.get(name);
    last.set(name, roles);
    if (!before) return;
    const now = Date.now();
    const time = new Date(now - changedAt < MAX_AGE_MS ? changedAt : now).toISOString();
    for (const role of new Set([...before.keys(), ...roles.keys()])) {
      const [from, to] = [before.get(role), roles.get(role)];
      if (from === to) continue;
      const detail =
        to === undefined
          ? `Version ${from} of ${name} is no longer ${role}.`
          : `Version ${to} of ${name} is ${role}${from === undefined ? '' : ` instead of ${from}`}.`;
      recent.recordEvent({ time, kind: 'role', model: name, ...(to !== undefined && { version: to }), role, detail });
    }
  };
}

function rolesOf({ active, shadow, canary }: ModelVersions): Map<string, string> {
  return new Map([
    ['active', active.version],
    ...(shadow ? [['shadow', shadow.version] as const] : []),
    ...(canary ? [['canary', canary.model.version] as const] : []),
  ]);
}

async function recordRetraining(
  recent: RecentPredictions,
  { id, model }: RetrainJob,
  ended: Promise<unknown>,
  retrainer: Pick<Retrainer, 'show'>,
): Promise<void> {
  const announce = (detail: string, version?: string) =>
    recent.announceEvent({
      time: new Date().toISOString(),
      kind: 'retrain',
      model,
      ...(version !== undefined && { version }),
      detail,
    });
  recent.setRetraining(id, true);
  announce(`A retraining of ${model} started.`);
  await ended.finally(() => recent.setRetraining(id, false));
  const { state, version } = await retrainer.show(model, id);
  announce(`The retraining of ${model} ended: ${state}.`, version ?? undefined);
}
