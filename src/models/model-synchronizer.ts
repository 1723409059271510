import { join } from 'node:path';
import { listVersions } from '../artefacts/versions.ts';
import { LockNotWritableError, withLock } from '../platform/file-lock.ts';
import { Problem } from '../platform/problems.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../telemetry/names.ts';
import { appendChange, appendDetectedChange, lastActivation, latestRevision, readChanges } from './audit.ts';
import { detectChange, recordRoleChange, withChangeSpan } from './record-role-change.ts';
import { type ResolvedRoles, resolveRoles } from './resolve-roles.ts';
import {
  type ChangeAttribution,
  changed,
  defaultRoles,
  type RecordedChange,
  type RoleChange,
  type Roles,
} from './roles.ts';
import { type RolesFile, readRoles, writeRoles } from './roles-file.ts';
import type { Model, ModelVersions } from './store.ts';
import type { VersionLoader, VersionStatus } from './version-loader.ts';

/** Keeps what this process serves of one model in step with the model's folder. */
export interface ModelSynchronizer {
  readonly inForce: () => ResolvedRoles | undefined;
  /** Looks at the folder, and serves what it says. Returns whether a stored version can be used. */
  refresh(): Promise<boolean>;
  change(change: RoleChange, by: ChangeAttribution): Promise<ModelVersions>;
  /** Resolves when what was asked for until now is done. */
  settled(): Promise<unknown>;
}

export interface ModelSynchronizerOptions {
  readonly folder: string;
  readonly loader: VersionLoader;
  readonly log: Log;
  readonly onSwap: (versions: ModelVersions) => void;
}

/** The stored versions, newest first, as they were found. */
type Looks = ReadonlyMap<string, VersionStatus>;

/** @param options.folder holds `NAME/VERSION/` */
export function createModelSynchronizer(
  name: string,
  { folder, loader, log, onSwap }: ModelSynchronizerOptions,
): ModelSynchronizer {
  const home = join(folder, name);
  const lock = join(home, 'roles.lock');
  const purpose = `the roles of the model ${name}`;
  let inForce: ResolvedRoles | undefined;
  let signature: string | undefined;
  let auditedText: string | undefined;
  let last: Promise<unknown> = Promise.resolve();

  /** One look or change after the other: what is served goes forward only. */
  function alone<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  }

  async function lookAtVersions(): Promise<Looks> {
    const looks = new Map<string, VersionStatus>();
    for (const version of (await listVersions(folder, name)).reverse()) {
      looks.set(version, await loader.look(name, version));
    }
    return looks;
  }

  /** Serves what the folder says; returns what is served differently from before. */
  function serve(file: RolesFile, looks: Looks, rows: readonly RecordedChange[]): RecordedChange | undefined {
    const before = inForce;
    const models = new Map<string, Model>();
    for (const [version, { model }] of looks) if (model) models.set(version, model);
    const newest = looks.get([...models.keys()][0] ?? '');
    const lastActive = lastActivation(rows)?.to ?? undefined;
    const after = resolveRoles({ name, models, file, newestSince: newest?.since ?? 0, lastActive }, before);
    if (!after) return undefined;
    inForce = after;
    loader.keepOnly(name, [...looks.keys(), ...after.versions.versions.map(({ version }) => version)]);
    for (const complaint of after.complaints) {
      if (before?.complaints.includes(complaint)) continue;
      log.error('roles not followed', { [ATTRIBUTE.modelName]: name, [ATTRIBUTE.reason]: complaint });
    }
    onSwap(after.versions);
    return detectChange(before, after, Date.now());
  }

  async function refresh(): Promise<boolean> {
    const file = await readRoles(home);
    const looks = await lookAtVersions();
    const seen = signatureOf(file, looks);
    if (seen !== signature) {
      const isStart = inForce === undefined;
      const rows = await readChanges(home);
      signature = seen;
      const change = serve(file, looks, rows);
      if (change && !isStart) {
        await withChangeSpan(name, change.action, (span) => recordRoleChange(name, change, true, span, log));
      }
      if (change?.revision === 0) {
        const lastActive = lastActivation(rows)?.to;
        // At a start nobody saw a change, but for one that happened since the last one that was recorded.
        const unrecorded = isStart ? file.kind === 'none' && lastActive && { ...change, from: lastActive } : change;
        if (unrecorded) await record(() => recordIfStill(file, unrecorded));
      }
    }
    await completeAudit(file);
    return [...looks.values()].some(({ damage }) => damage === undefined);
  }

  /** Between a look without roles and its record others may have set roles, and the trail tells of those. */
  async function recordIfStill(file: RolesFile, change: RecordedChange): Promise<void> {
    if (file.kind === 'none' && (await readRoles(home)).kind !== 'none') return;
    await appendDetectedChange(home, change);
  }

  /** A writer that died between its change and its row, or could not write that, is helped out by whoever comes next. */
  async function completeAudit(file: RolesFile): Promise<void> {
    if (file.kind !== 'roles' || file.text === auditedText) return;
    const { change } = file.roles;
    const isMissing = change !== null && latestRevision(await readChanges(home)) < change.revision;
    if (!isMissing || (await record(() => appendChange(home, change)))) auditedText = file.text;
  }

  /** Writes into the audit trail; returns whether that need not be tried again. */
  async function record(write: () => Promise<unknown>): Promise<boolean> {
    try {
      await withLock(lock, purpose, write);
      return true;
    } catch (error) {
      // In a folder that this process only reads, another one will do it.
      if (isReadOnly(error)) return true;
      log.error('audit trail not written', { [ATTRIBUTE.modelName]: name, ...exceptionAttributes(error) });
      return false;
    }
  }

  async function change(asked: RoleChange, by: ChangeAttribution): Promise<ModelVersions> {
    return withChangeSpan(name, asked.action, (span) =>
      withLock(lock, purpose, async () => {
        const [file, looks, rows] = [await readRoles(home), await lookAtVersions(), await readChanges(home)];
        if (file.kind === 'roles' && file.roles.change) await appendChange(home, file.roles.change);
        const before = baseOf(file, looks);
        requireUsable(asked, looks);
        const base = asked.action === 'rollback' ? usablePrevious(before, looks) : before;
        const next = changed(base, asked, by, Date.now(), latestRevision(rows));
        if (next.change === before.change) return inForce!.versions;

        const written = await writeRoles(home, next);
        signature = signatureOf(written, looks);
        serve(written, looks, rows);
        recordRoleChange(name, next.change!, false, span, log);
        auditedText = undefined;
        try {
          await appendChange(home, next.change!);
        } catch (error) {
          // The change has taken effect, and the next look adds the row.
          log.error('audit trail not written', { [ATTRIBUTE.modelName]: name, ...exceptionAttributes(error) });
        }
        return inForce!.versions;
      }),
    ).catch((error: unknown) => {
      throw isReadOnly(error) ? readOnlyProblem(name) : error;
    });
  }

  /** The roles that a change begins with: where the file does not tell, those that are followed. */
  function baseOf(file: RolesFile, looks: Looks): Roles {
    if (file.kind === 'roles') return file.roles;
    if (file.kind === 'damaged' && inForce) return { ...inForce.roles, revision: 0 };
    const usable = [...looks.keys()].filter((version) => looks.get(version)!.model);
    return usable.length > 0 ? defaultRoles(usable, looks.get(usable[0]!)!.since) : inForce!.roles;
  }

  function requireUsable(asked: RoleChange, looks: Looks): void {
    if (asked.action === 'rollback' || asked.version === null) return;
    const look = looks.get(asked.version);
    const version = JSON.stringify(asked.version);
    if (!look) {
      const there = [...looks.keys()].join(', ');
      throw new Problem('version-not-found', `The model ${name} has no version ${version}; there are: ${there}.`);
    }
    if (look.damage !== undefined) {
      throw new Problem('model-damaged', `Version ${version} of the model ${name} cannot be used: ${look.damage}.`);
    }
  }

  return {
    inForce: () => inForce,
    refresh: () => alone(refresh),
    change: (asked, by) => alone(() => change(asked, by)),
    settled: () => last,
  };
}

function signatureOf(file: RolesFile, looks: Looks): string {
  return JSON.stringify([file, ...[...looks].map(([version, { state }]) => [version, state])]);
}

/** A rollback goes to the last version that was active and can be used now. */
function usablePrevious(roles: Roles, looks: Looks): Roles {
  const first = roles.previous.findIndex((version) => {
    const look = looks.get(version);
    return look !== undefined && look.damage === undefined;
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
    `The folder of the model ${name} cannot be written by this process: its roles stay as they are.`,
  );
}
