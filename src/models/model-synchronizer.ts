import { join } from 'node:path';
import { listVersions, recordVersions } from '../artefacts/versions.ts';
import type { Degradations } from '../platform/degradations.ts';
import { LockNotWritableError, withLock } from '../platform/file-lock.ts';
import { Problem } from '../platform/problems.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../telemetry/names.ts';
import { appendChange, appendDetectedChange, lastActivation, latestRevision, readAudit, readChanges } from './audit.ts';
import { detectChange, recordRoleChange, withChangeSpan } from './record-role-change.ts';
import { lastChangeOf, type ResolvedRoles, resolveRoles } from './resolve-roles.ts';
import {
  applyChange,
  type ChangeAttribution,
  defaultRoles,
  type RecordedChange,
  type RoleChange,
  type Roles,
} from './roles.ts';
import { type RolesFile, readRoles, writeRoles } from './roles-file.ts';
import type { Model, ModelVersions } from './store.ts';
import type { VersionLoader, VersionStatus } from './version-loader.ts';

/** Synchronises the versions that this process serves of one model with the model's folder. */
export interface ModelSynchronizer {
  /** Returns the served versions and their roles, or `undefined` before the first successful refresh. */
  readonly served: () => ResolvedRoles | undefined;
  /** Reads the folder, and serves its content. Returns whether at least one stored version can be used. */
  refresh(): Promise<boolean>;
  /** Changes the roles: on the disk, in the audit trail, and in this process. */
  change(change: RoleChange, attribution: ChangeAttribution): Promise<ModelVersions>;
  /** Resolves when all refreshes and changes so far have ended. */
  settled(): Promise<unknown>;
}

/**
 * Receives the versions to serve whenever they change.
 *
 * @param changedAt the time of the last change of roles, in milliseconds since the epoch
 */
export type OnSwap = (versions: ModelVersions, changedAt: number) => void;

/** Options of `createModelSynchronizer`. */
export interface ModelSynchronizerOptions {
  /** The models folder, which contains `NAME/VERSION/`. */
  readonly folder: string;
  readonly loader: VersionLoader;
  readonly log: Log;
  /** Receives the versions to serve whenever they change. */
  readonly onSwap: OnSwap;
  /** Reports a fault of the audit trail, or its end. */
  readonly reportFault: Degradations['report'];
}

/** The statuses of the stored versions, newest first. */
type VersionStatuses = ReadonlyMap<string, VersionStatus>;

/** Creates the synchroniser of the model `name`. The caller starts the first refresh. */
export function createModelSynchronizer(
  name: string,
  { folder, loader, log, onSwap, reportFault }: ModelSynchronizerOptions,
): ModelSynchronizer {
  const modelFolder = join(folder, name);
  const lock = join(modelFolder, 'roles.lock');
  const lockPurpose = `the roles of the model ${name}`;
  let served: ResolvedRoles | undefined;
  let fingerprint: string | undefined;
  /** The content of the roles file at the last successful check of the audit trail. */
  let auditedText: string | undefined;
  let last: Promise<unknown> = Promise.resolve();

  /** Runs refreshes and changes one after the other, so that an older state never replaces a newer one. */
  function inSequence<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  }

  async function checkVersions(): Promise<VersionStatuses> {
    const statuses = new Map<string, VersionStatus>();
    for (const version of (await listVersions(folder, name)).reverse()) {
      statuses.set(version, await loader.check(name, version));
    }
    return statuses;
  }

  /** Serves the content of the folder. Returns the difference to the versions that were served before. */
  function serve(
    file: RolesFile,
    statuses: VersionStatuses,
    rows: readonly RecordedChange[],
  ): RecordedChange | undefined {
    const before = served;
    const models = new Map<string, Model>();
    for (const [version, { model }] of statuses) if (model) models.set(version, model);
    const newest = statuses.get([...models.keys()][0] ?? '');
    const lastActive = lastActivation(rows)?.to ?? undefined;
    const after = resolveRoles({ name, models, file, newestSince: newest?.writtenAt ?? 0, lastActive }, before);
    const inMemory = after?.versions.versions ?? [];
    loader.retain(name, [...statuses.keys(), ...inMemory.map(({ version }) => version)]);
    if (!after) return undefined;
    served = after;
    for (const problem of after.problems) {
      if (before?.problems.includes(problem)) continue;
      log.error('roles not followed', { [ATTRIBUTE.modelName]: name, [ATTRIBUTE.reason]: problem });
    }
    onSwap(after.versions, lastChangeOf(after));
    return detectChange(before, after, Date.now());
  }

  async function refresh(): Promise<boolean> {
    const file = await readRoles(modelFolder);
    const statuses = await checkVersions();
    const current = fingerprintOf(file, statuses);
    if (current !== fingerprint) {
      const isStart = served === undefined;
      const { rows, fault } = await readAudit(modelFolder);
      reportFault('audit', name, fault);
      fingerprint = current;
      // A process that can only read the folder leaves this to one that writes versions.
      await recordVersions(folder, name, [...statuses.keys()]).catch(() => {});
      const change = serve(file, statuses, rows);
      if (change && !isStart) {
        await withChangeSpan(name, change.action, (span) => recordRoleChange(name, change, true, span, log));
      }
      if (change?.revision === 0) {
        const lastActive = lastActivation(rows)?.to;
        // At a start every version is new to this process. Only a difference to the last recorded version is a change.
        const unrecorded = isStart ? file.kind === 'none' && lastActive && { ...change, from: lastActive } : change;
        if (unrecorded) await writeAudit(() => appendIfStillDefault(file, unrecorded));
      }
    }
    await completeAudit(file);
    return [...statuses.values()].some(({ damage }) => damage === undefined);
  }

  /** Appends a detected change, unless another process has set roles since the refresh: their change is in the trail. */
  async function appendIfStillDefault(file: RolesFile, change: RecordedChange): Promise<void> {
    if (file.kind === 'none' && (await readRoles(modelFolder)).kind !== 'none') return;
    await appendDetectedChange(modelFolder, change);
  }

  /** Appends the last change to the audit trail if its writer died, or failed, before it could do so. */
  async function completeAudit(file: RolesFile): Promise<void> {
    if (file.kind !== 'roles' || file.text === auditedText) return;
    const { change } = file.roles;
    const isMissing = change !== null && latestRevision(await readChanges(modelFolder)) < change.revision;
    if (!isMissing || (await writeAudit(() => appendChange(modelFolder, change)))) auditedText = file.text;
  }

  /** Writes to the audit trail under the lock. Returns false if the write must be tried again. */
  async function writeAudit(write: () => Promise<unknown>): Promise<boolean> {
    try {
      await withLock(lock, lockPurpose, write);
      return true;
    } catch (error) {
      // This process can only read the folder: another one writes the trail.
      if (isReadOnly(error)) return true;
      logAuditError(error);
      return false;
    }
  }

  function logAuditError(error: unknown): void {
    log.error('audit trail not written', { [ATTRIBUTE.modelName]: name, ...exceptionAttributes(error) });
  }

  async function change(requested: RoleChange, attribution: ChangeAttribution): Promise<ModelVersions> {
    return withChangeSpan(name, requested.action, (span) =>
      withLock(lock, lockPurpose, async () => {
        const file = await readRoles(modelFolder);
        const statuses = await checkVersions();
        const rows = await readChanges(modelFolder);
        if (file.kind === 'roles' && file.roles.change) await appendChange(modelFolder, file.roles.change);
        const before = presentRoles(file, statuses);
        requireUsable(requested, statuses);
        const base = requested.action === 'rollback' ? withUsablePrevious(before, statuses) : before;
        const next = applyChange(base, requested, attribution, Date.now(), latestRevision(rows));
        if (next.change === before.change) return served!.versions;

        const written = await writeRoles(modelFolder, next);
        fingerprint = fingerprintOf(written, statuses);
        serve(written, statuses, rows);
        recordRoleChange(name, next.change!, false, span, log);
        auditedText = undefined;
        try {
          await appendChange(modelFolder, next.change!);
        } catch (error) {
          // The change has taken effect, and the next refresh appends the row.
          logAuditError(error);
        }
        return served!.versions;
      }),
    ).catch((error: unknown) => {
      throw isReadOnly(error) ? readOnlyProblem(name) : error;
    });
  }

  /** Returns the roles before a change. If the file is damaged, these are the roles that this process follows. */
  function presentRoles(file: RolesFile, statuses: VersionStatuses): Roles {
    if (file.kind === 'roles') return file.roles;
    if (file.kind === 'damaged' && served) return { ...served.roles, revision: 0 };
    const usable = [...statuses.keys()].filter((version) => statuses.get(version)!.model);
    return usable.length > 0 ? defaultRoles(usable, statuses.get(usable[0]!)!.writtenAt) : served!.roles;
  }

  function requireUsable(requested: RoleChange, statuses: VersionStatuses): void {
    if (requested.action === 'rollback' || requested.version === null) return;
    const { version } = requested;
    const status = statuses.get(version);
    if (!status) {
      const existing = [...statuses.keys()].join(', ');
      throw new Problem('version-not-found', `The model ${name} has no such version; there are: ${existing}.`);
    }
    if (status.damage !== undefined) {
      throw new Problem('model-damaged', `Version "${version}" of the model ${name} cannot be used: ${status.damage}.`);
    }
  }

  return {
    served: () => served,
    refresh: () => inSequence(refresh),
    change: (requested, attribution) => inSequence(() => change(requested, attribution)),
    settled: () => last,
  };
}

function fingerprintOf(file: RolesFile, statuses: VersionStatuses): string {
  return JSON.stringify([file, ...[...statuses].map(([version, { fingerprint }]) => [version, fingerprint])]);
}

/** Removes the formerly active versions that a rollback must skip, because they cannot be used now. */
function withUsablePrevious(roles: Roles, statuses: VersionStatuses): Roles {
  const first = roles.previous.findIndex((version) => {
    const status = statuses.get(version);
    return status !== undefined && status.damage === undefined;
  });
  return { ...roles, previous: first < 0 ? [] : roles.previous.slice(first) };
}

function isReadOnly(error: unknown): boolean {
  if (error instanceof LockNotWritableError) return true;
  return ['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function readOnlyProblem(name: string): Problem {
  return new Problem(
    'models-read-only',
    `This process cannot write to the folder of the model ${name}: its roles stay as they are.`,
  );
}
