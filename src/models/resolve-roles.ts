import { compareVersions } from '../artefacts/versions.ts';
import { defaultRoles, type Roles } from './roles.ts';
import type { RolesFile } from './roles-file.ts';
import type { Canary, Model, ModelVersions } from './store.ts';

/** What a process serves of one model, and the roles that it follows in that. */
export interface ResolvedRoles {
  readonly versions: ModelVersions;
  readonly roles: Roles;
  /** What of the roles could not be followed, in sentences for the log. */
  readonly complaints: readonly string[];
}

/** What a look at a model's folder found. */
export interface Found {
  readonly name: string;
  /** The versions that are stored and were whole when they were read last, newest first. */
  readonly models: ReadonlyMap<string, Model>;
  readonly file: RolesFile;
  /** When the newest of them appeared. */
  readonly newestSince: number;
  /** The version that was made active last, as the audit trail has it: what damaged roles most likely said. */
  readonly lastActive: string | undefined;
}

/**
 * What to serve of a model. Roles that cannot be followed change nothing of what is served; at a start, when nothing is,
 * the best other version takes the place of the active one.
 *
 * @param before what is served until now
 * @returns undefined where no version can be used
 */
export function resolveRoles(found: Found, before: ResolvedRoles | undefined): ResolvedRoles | undefined {
  const { models, file } = found;
  const newestFirst = [...models.keys()];
  if (file.kind === 'none') {
    if (newestFirst.length === 0) return before;
    return inForce(found, defaultRoles(newestFirst, found.newestSince), before, []);
  }
  if (file.kind === 'roles') return inForce(found, file.roles, before, []);
  if (before) return inForce(found, before.roles, before, [`${file.reason}; the roles stay as they were`]);
  const { lastActive } = found;
  const active = lastActive !== undefined && models.has(lastActive) ? lastActive : newestFirst[0];
  if (active === undefined) return undefined;
  const others = newestFirst.filter((version) => version !== active);
  const roles = defaultRoles([active, ...others], found.newestSince);
  return inForce(found, roles, before, [`${file.reason}; version ${active} is served`]);
}

function inForce(
  { name, models }: Found,
  roles: Roles,
  before: ResolvedRoles | undefined,
  earlier: readonly string[],
): ResolvedRoles | undefined {
  const complaints = [...earlier];
  const held = new Map(before?.versions.versions.map((model) => [model.version, model]));
  const versionOf = (version: string) => models.get(version) ?? held.get(version);

  let active = versionOf(roles.active);
  if (!active) {
    const [other] = [...roles.previous, ...models.keys()].map((version) => models.get(version)).filter((one) => one);
    active = before?.versions.active ?? other;
    if (!active) return undefined;
    complaints.push(`version ${roles.active}, which should be active, cannot be used; ${active.version} is served`);
  }
  const onTrial = (role: string, version: string | undefined | null): Model | undefined => {
    if (version === undefined || version === null || version === active.version) return undefined;
    const model = versionOf(version);
    if (!model) complaints.push(`version ${version}, which should be the ${role}, cannot be used`);
    return model;
  };
  const shadow = onTrial('shadow', roles.shadow);
  const canaryModel = onTrial('canary', roles.canary?.version);
  const canary: Canary | undefined = canaryModel && { model: canaryModel, share: roles.canary!.share };
  const serving = [active, shadow, canaryModel].filter((model) => model !== undefined);
  const versions = [...new Set([...models.values(), ...serving])].sort((a, b) => compareVersions(b.version, a.version));
  return {
    versions: { name, active, ...(shadow && { shadow }), ...(canary && { canary }), versions },
    roles,
    complaints,
  };
}
