import { compareVersions } from '../artefacts/versions.ts';
import { defaultRoles, type Roles } from './roles.ts';
import type { RolesFile } from './roles-file.ts';
import type { Canary, Model, ModelVersions } from './store.ts';

/** The versions that this process serves of one model, and the roles behind them. */
export interface ResolvedRoles {
  readonly versions: ModelVersions;
  readonly roles: Roles;
  /** The parts of the roles that cannot be followed, as sentences for the log. */
  readonly problems: readonly string[];
}

/** The content of a model's folder. */
export interface FolderSnapshot {
  readonly name: string;
  /** The stored versions that could be read, newest first. */
  readonly models: ReadonlyMap<string, Model>;
  readonly file: RolesFile;
  /** The time when the newest of the versions appeared, in milliseconds since the epoch. */
  readonly newestSince: number;
  /** The last version that was made active, from the audit trail. It replaces damaged roles at a start. */
  readonly lastActive: string | undefined;
}

/**
 * Resolves the roles of a model to versions. Roles that cannot be followed leave the served versions as they are. At a
 * start there are none yet, and the best other version becomes the active one.
 *
 * @param before the result of the last call
 * @returns `undefined` if no version can be used
 */
export function resolveRoles(snapshot: FolderSnapshot, before: ResolvedRoles | undefined): ResolvedRoles | undefined {
  const { models, file, newestSince, lastActive } = snapshot;
  const newestFirst = [...models.keys()];
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
): ResolvedRoles | undefined {
  const problems = [...fileProblems];
  const loaded = new Map(before?.versions.versions.map((model) => [model.version, model]));
  const versionOf = (version: string) => models.get(version) ?? loaded.get(version);

  let active = versionOf(roles.active);
  if (!active) {
    const [other] = [...roles.previous, ...models.keys()].map((version) => models.get(version)).filter((one) => one);
    active = before?.versions.active ?? other;
    if (!active) return undefined;
    problems.push(`version ${roles.active}, which should be active, cannot be used; ${active.version} is served`);
  }
  const experimentOf = (role: string, version: string | undefined | null): Model | undefined => {
    if (version === undefined || version === null || version === active.version) return undefined;
    const model = versionOf(version);
    if (!model) problems.push(`version ${version}, which should be the ${role}, cannot be used`);
    return model;
  };
  const shadow = experimentOf('shadow', roles.shadow);
  const canaryModel = experimentOf('canary', roles.canary?.version);
  const canary: Canary | undefined = canaryModel && { model: canaryModel, share: roles.canary!.share };
  const serving = [active, shadow, canaryModel].filter((model) => model !== undefined);
  const versions = [...new Set([...models.values(), ...serving])].sort((a, b) => compareVersions(b.version, a.version));
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
