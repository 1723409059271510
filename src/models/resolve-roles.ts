import { compareVersions } from '../artefacts/versions.ts';
import { defaultRoles, type Roles } from './roles.ts';
import type { RolesFile } from './roles-file.ts';
import type { Model, ModelVersion, ModelVersions } from './store.ts';

/** The versions that this process serves of one model, and the roles behind them. */
export interface ResolvedRoles<V extends ModelVersion = Model> {
  readonly versions: ModelVersions<V>;
  readonly roles: Roles;
  /** The parts of the roles that cannot be followed, as sentences for the log. */
  readonly problems: readonly string[];
}

/** The content of a model's folder. */
export interface FolderSnapshot {
  readonly name: string;
  /** The stored versions that can be used, newest first. */
  readonly models: ReadonlyMap<string, ModelVersion>;
  readonly file: RolesFile;
  /** Returns the time when a stored version appeared, in milliseconds since the epoch. */
  readonly writtenAt: (version: string) => number;
  /** The last version that was made active, from the audit trail. It replaces damaged roles at a start. */
  readonly lastActive: string | undefined;
}

/**
 * Resolves the roles of a model, and loads the versions that have one. A version that cannot be loaded counts as absent.
 *
 * @param before the result of the last call
 * @returns `resolved` is undefined if no version can be used; `isComplete` is false if a version could not be loaded
 */
export async function resolveAndLoad(
  snapshot: FolderSnapshot,
  before: ResolvedRoles | undefined,
  load: (version: ModelVersion) => Promise<Model>,
): Promise<{ readonly resolved: ResolvedRoles | undefined; readonly isComplete: boolean }> {
  const models = new Map(snapshot.models);
  for (let isComplete = true; ; isComplete = false) {
    const plan = resolveRoles({ ...snapshot, models }, before);
    if (!plan) return { resolved: undefined, isComplete };
    const loaded = new Map<string, Model>();
    for (const { model } of versionsWithRole(plan.versions)) {
      const ready = isLoaded(model) ? model : await load(model).catch(() => undefined);
      if (ready) loaded.set(model.version, ready);
      else models.delete(model.version);
    }
    const versions = withLoaded(plan.versions, loaded);
    if (versions) return { resolved: { ...plan, versions }, isComplete };
  }
}

const isLoaded = (version: ModelVersion | Model): version is Model => 'classifier' in version;

/** Returns the versions with their classifiers, or `undefined` if one with a role is not loaded. */
function withLoaded(
  { name, active, shadow, canary, versions }: ModelVersions<ModelVersion>,
  loaded: ReadonlyMap<string, Model>,
): ModelVersions | undefined {
  const [activeModel, shadowModel, canaryModel] = [active, shadow, canary?.model].map(
    (version) => version && loaded.get(version.version),
  );
  if (!activeModel || (shadow && !shadowModel) || (canary && !canaryModel)) return undefined;
  return {
    name,
    active: activeModel,
    ...(shadowModel && { shadow: shadowModel }),
    ...(canaryModel && { canary: { model: canaryModel, share: canary!.share } }),
    versions,
  };
}

/**
 * Resolves the roles of a model to versions. Roles that cannot be followed leave the served versions as they are. At a
 * start there are none yet, and the best other version becomes the active one.
 *
 * @param before the result of the last call
 * @returns `undefined` if no version can be used
 */
function resolveRoles(
  snapshot: FolderSnapshot,
  before: ResolvedRoles | undefined,
): ResolvedRoles<ModelVersion> | undefined {
  const { models, file, writtenAt, lastActive } = snapshot;
  const newestFirst = [...models.keys()];
  const newestSince = newestFirst[0] === undefined ? 0 : writtenAt(newestFirst[0]);
  if (file.kind === 'none') {
    if (newestFirst.length === 0) return before;
    return findVersions(snapshot, defaultRoles(newestFirst, newestSince), before);
  }
  if (file.kind === 'roles') return findVersions(snapshot, file.roles, before);
  if (before) return findVersions(snapshot, before.roles, before, [`${file.reason}; the roles stay as they were`]);
  const active = lastActive !== undefined && models.has(lastActive) ? lastActive : newestFirst[0];
  if (active === undefined) return undefined;
  const others = newestFirst.filter((version) => version !== active);
  const roles = defaultRoles([active, ...others], newestSince);
  return findVersions(snapshot, roles, undefined, [`${file.reason}; version ${active} is served`]);
}

function findVersions(
  { name, models }: FolderSnapshot,
  roles: Roles,
  before: ResolvedRoles | undefined,
  fileProblems: readonly string[] = [],
): ResolvedRoles<ModelVersion> | undefined {
  const problems = [...fileProblems];
  const served = new Map(versionsWithRole(before?.versions).map(({ model }) => [model.version, model]));
  const versionOf = (version: string) => models.get(version) ?? served.get(version);

  let active = versionOf(roles.active);
  if (!active) {
    const [other] = [...roles.previous, ...models.keys()].map((version) => models.get(version)).filter((one) => one);
    active = before?.versions.active ?? other;
    if (!active) return undefined;
    problems.push(`version ${roles.active}, which should be active, cannot be used; ${active.version} is served`);
  }
  const experimentOf = (role: string, version: string | undefined | null): ModelVersion | undefined => {
    if (version === undefined || version === null || version === active.version) return undefined;
    const model = versionOf(version);
    if (!model) problems.push(`version ${version}, which should be the ${role}, cannot be used`);
    return model;
  };
  const shadow = experimentOf('shadow', roles.shadow);
  const canaryModel = experimentOf('canary', roles.canary?.version);
  const canary = canaryModel && { model: canaryModel, share: roles.canary!.share };
  // The list does not keep classifiers in memory.
  const serving = [active, shadow, canaryModel].filter((model) => model !== undefined && !models.has(model.version));
  const deleted = serving.map((model) => {
    const { version, manifest, signedBy } = model!;
    return { name, version, manifest, signedBy };
  });
  const versions = [...models.values(), ...deleted].sort((a, b) => compareVersions(b.version, a.version));
  return {
    versions: { name, active, ...(shadow && { shadow }), ...(canary && { canary }), versions },
    roles,
    problems,
  };
}

/** Returns the time of the last change of the roles, in whole milliseconds since the epoch. */
export function lastChangeOf({ roles: { activeSince, change } }: ResolvedRoles): number {
  return Math.floor(Math.max(activeSince, change?.at ?? 0));
}

/** Returns the versions of a model that have a role. */
export function versionsWithRole<V extends ModelVersion>(
  versions: ModelVersions<V> | undefined,
): { model: V; role: 'active' | 'shadow' | 'canary' }[] {
  if (!versions) return [];
  const { active, shadow, canary } = versions;
  return [
    { model: active, role: 'active' },
    ...(shadow ? [{ model: shadow, role: 'shadow' as const }] : []),
    ...(canary ? [{ model: canary.model, role: 'canary' as const }] : []),
  ];
}

/** Returns the versions of a model that have a role, without their roles. */
export function modelsWithRole(versions: ModelVersions): Model[] {
  return versionsWithRole(versions).map(({ model }) => model);
}
