import { join } from 'node:path';
import { ArtefactError, type RefusedVersion } from '../artefacts/artefact-error.ts';
import { listVersions, recordVersions } from '../artefacts/versions.ts';
import type { Degradations } from '../platform/degradations.ts';
import { Problem } from '../platform/problems.ts';
import type { SharedState } from '../postgres/shared-state.ts';
import type { Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../telemetry/names.ts';
import { appendChange, lastActivation, latestRevision, readAudit, readChanges } from './audit.ts';
import { createAuditWriter, isReadOnly, readOnlyProblem } from './audit-writer.ts';
import { createServingPolicyReader, type ServingPolicy } from './policy-file.ts';
import { detectChange, recordRoleChange, withChangeSpan } from './record-role-change.ts';
import { lastChangeOf, modelsWithRole, type ResolvedRoles, resolveAndLoad } from './resolve-roles.ts';
import {
  applyChange,
  type ChangeAttribution,
  defaultRoles,
  type RecordedChange,
  type RoleChange,
  type Roles,
} from './roles.ts';
import { createRolesSource, type RolesFile, retryConflicts, type SharedRoles } from './roles-file.ts';
import type { ModelVersion, ModelVersions, OnSwap } from './store.ts';
import type { VersionLoader, VersionStatus } from './version-loader.ts';

/** Synchronises the versions that this process serves of one model with the model's folder. */
export interface ModelSynchronizer {
  /** Returns the served versions and their roles, or `undefined` before the first successful refresh. */
  readonly served: () => ResolvedRoles | undefined;
  /**
   * Reads the folder, and serves its content. Returns whether at least one stored version can be used.
   *
   * @param roles the roles of all models in the database, if they are read already
   */
  refresh(roles?: SharedRoles): Promise<boolean>;
  /** Changes the roles: on the disk, in the audit trail, and in this process. */
  change(change: RoleChange, attribution: ChangeAttribution): Promise<ModelVersions>;
  /** Resolves when all refreshes and changes so far have ended. */
  settled(): Promise<unknown>;
}

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
  /** The roles that replicas share. */
  readonly shared?: SharedState | undefined;
  /** Fetches the versions that replicas share, and returns those that are damaged. It never rejects. */
  readonly fetchVersions?: () => Promise<readonly RefusedVersion[]>;
}

/** The statuses of the stored versions, newest first. */
type VersionStatuses = ReadonlyMap<string, VersionStatus>;

/** Creates the synchroniser of the model `name`. The caller starts the first refresh. */
export function createModelSynchronizer(
  name: string,
  { folder, loader, log, onSwap, reportFault, shared, fetchVersions }: ModelSynchronizerOptions,
): ModelSynchronizer {
  const modelFolder = join(folder, name);
  const audit = createAuditWriter(name, modelFolder, log);
  const source = createRolesSource(name, modelFolder, shared, audit.withRolesLock);
  const readServingPolicy = createServingPolicyReader(modelFolder);
  let policy: ServingPolicy | undefined;
  let served: ResolvedRoles | undefined;
  let fingerprint: string | undefined;
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

  function usableVersions(statuses: VersionStatuses): Map<string, ModelVersion> {
    const usable = [...statuses].filter(([, status]) => loader.isUsable(status));
    return new Map(usable.map(([version, { stored }]) => [version, stored!]));
  }

  /** Keeps the version that a rollback would activate in memory too. */
  async function pinPrevious({ versions, roles }: ResolvedRoles): Promise<void> {
    const models = modelsWithRole(versions);
    for (const version of roles.previous) {
      const stored = versions.versions.find((candidate) => candidate.version === version);
      if (!stored || models.some((model) => model.version === version)) continue;
      const previous = await loader.load(stored).catch(() => undefined);
      if (previous) return loader.pin(name, [...models, previous]);
    }
  }

  /** Serves the content of the folder. Returns the difference to the versions that were served before. */
  async function serve(
    file: RolesFile,
    statuses: VersionStatuses,
    rows: readonly RecordedChange[],
  ): Promise<RecordedChange | undefined> {
    const before = served;
    const models = usableVersions(statuses);
    const writtenAt = (version: string) => statuses.get(version)!.writtenAt;
    const lastActive = lastActivation(rows)?.to ?? undefined;
    const snapshot = { name, models, file, writtenAt, lastActive };
    const { resolved: after, isComplete } = await resolveAndLoad(snapshot, before, loader.load);
    // The next refresh tries again.
    if (!isComplete) fingerprint = undefined;
    const listed = after?.versions.versions ?? [];
    loader.retain(name, [...statuses.keys(), ...listed.map(({ version }) => version)]);
    if (!after) return undefined;
    served = after;
    loader.pin(name, modelsWithRole(after.versions));
    for (const problem of after.problems) {
      if (before?.problems.includes(problem)) continue;
      log.error('roles not followed', { [ATTRIBUTE.modelName]: name, [ATTRIBUTE.reason]: problem });
    }
    onSwap({ ...after.versions, ...policy }, lastChangeOf(after));
    await pinPrevious(after);
    return detectChange(before, after, Date.now());
  }

  async function refresh(roles?: SharedRoles): Promise<boolean> {
    const file = await source.read(roles);
    const statuses = await checkVersions();
    policy = await readServingPolicy();
    const current = fingerprintOf([file, policy], statuses, loader);
    if (current !== fingerprint) {
      const isStart = served === undefined;
      const { rows, fault } = await readAudit(modelFolder);
      reportFault('audit', name, fault);
      fingerprint = current;
      // A process that can only read the folder leaves this to one that writes versions.
      await recordVersions(folder, name, [...statuses.keys()]).catch(() => {});
      const change = await serve(file, statuses, rows);
      if (change && !isStart) {
        await withChangeSpan(name, change.action, (span) => recordRoleChange(name, change, true, span, log));
      }
      if (change?.revision === 0) {
        const lastActive = lastActivation(rows)?.to;
        // At a start every version is new to this process. Only a difference to the last recorded version is a change.
        const unrecorded = isStart ? file.kind === 'none' && lastActive && { ...change, from: lastActive } : change;
        if (unrecorded) await audit.appendDetected(file, unrecorded);
      }
    }
    await source.copy(file);
    await audit.complete(file);
    return [...statuses.values()].some(({ damage }) => damage === undefined);
  }

  async function change(requested: RoleChange, attribution: ChangeAttribution): Promise<ModelVersions> {
    return withChangeSpan(name, requested.action, (span) =>
      audit.withRolesLock(async () => {
        const file = await source.read();
        await source.copy(file, true);
        const refused = (await fetchVersions?.()) ?? [];
        const statuses = await checkVersions();
        const rows = await readChanges(modelFolder);
        if (file.kind === 'roles' && file.roles.change) await appendChange(modelFolder, file.roles.change);
        const before = presentRoles(file, statuses);
        await requireUsable(requested, statuses, refused);
        const base = requested.action === 'rollback' ? await withUsablePrevious(before, statuses) : before;
        const next = applyChange(base, requested, attribution, Date.now(), latestRevision(rows));
        if (next.change === before.change) return served!.versions;

        // Every process follows the file. An error would say that nothing has changed.
        const written = await source.write(next, audit.reportUnsynced);
        fingerprint = fingerprintOf([written, policy], statuses, loader);
        await serve(written, statuses, rows);
        recordRoleChange(name, next.change!, false, span, log);
        await audit.append(next.change!);
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
    const usable = [...usableVersions(statuses).keys()];
    return usable.length > 0 ? defaultRoles(usable, statuses.get(usable[0]!)!.writtenAt) : served!.roles;
  }

  /** Loads the version of a change. @throws {Problem} if there is none, or its present files cannot be used */
  async function requireUsable(
    requested: RoleChange,
    statuses: VersionStatuses,
    refused: readonly RefusedVersion[],
  ): Promise<void> {
    if (requested.action === 'rollback' || requested.version === null) return;
    const { version } = requested;
    const status = statuses.get(version);
    const inDatabase = refused.find((one) => one.model === name && one.version === version)?.reason;
    if (!status && inDatabase === undefined) {
      const existing = [...statuses.keys()].join(', ');
      throw new Problem('version-not-found', `The model ${name} has no such version; there are: ${existing}.`);
    }
    const damage = status ? (status.damage ?? (await findDamage(status))) : inDatabase;
    if (damage !== undefined) {
      throw new Problem('model-damaged', `Version "${version}" of the model ${name} cannot be used: ${damage}.`);
    }
  }

  /** Loads a version. Returns the reason if it cannot be loaded. */
  async function findDamage({ stored }: VersionStatus): Promise<string | undefined> {
    return loader.load(stored!).then(
      () => undefined,
      (error: Error) => (error instanceof ArtefactError ? error.reason : error.message),
    );
  }

  /** Removes the formerly active versions that a rollback must skip, because they cannot be used now. */
  async function withUsablePrevious(roles: Roles, statuses: VersionStatuses): Promise<Roles> {
    for (const [index, version] of roles.previous.entries()) {
      const status = statuses.get(version);
      if (!status || status.damage !== undefined || (await findDamage(status)) !== undefined) continue;
      return { ...roles, previous: roles.previous.slice(index) };
    }
    return { ...roles, previous: [] };
  }

  return {
    served: () => served,
    refresh: (roles) => inSequence(() => refresh(roles)),
    change: (requested, attribution) => inSequence(() => retryConflicts(() => change(requested, attribution))),
    settled: () => last,
  };
}

function fingerprintOf(settings: readonly unknown[], statuses: VersionStatuses, { isUsable }: VersionLoader): string {
  return JSON.stringify([
    ...settings,
    ...[...statuses].map(([version, status]) => [version, status.fingerprint, isUsable(status)]),
  ]);
}
