import { z } from 'zod';
import { Problem } from '../platform/problems.ts';
import { SAFE_NAME } from '../platform/safe-names.ts';

/** The number of formerly active versions that the roles keep. */
const MAX_PREVIOUS = 20;

/** The share of a canary if no share was given. */
const DEFAULT_CANARY_SHARE = 0.1;

/** The maximum length of the reason of a change, in characters. */
export const MAX_REASON_LENGTH = 500;

const version = z.string().regex(SAFE_NAME);
const share = z.number().min(0).max(1);
/** Below the largest exact integer by more than any service can count, because each change adds one. */
const revision = z
  .int()
  .nonnegative()
  .max(2 ** 52);
/** Milliseconds since the epoch, up to the last time that a date can hold. */
const time = z.number().min(0).max(8.64e15);
const MAX_ACTOR_LENGTH = 1_000;

/** Renames the fields of changes that earlier versions of Waymark wrote: `who`, `what` and `why`. */
function renameOldFields(row: unknown): unknown {
  if (typeof row !== 'object' || row === null) return row;
  const { who, what, why, ...fields } = row as Record<string, unknown>;
  return { actor: who, action: what, reason: why, ...fields };
}

const recordedChange = z.preprocess(
  renameOldFields,
  z.object({
    /** The revision of the resulting roles, or 0 if no roles were written: a newer version became active by its age. */
    revision,
    /** Milliseconds since the epoch. */
    at: time,
    /** The origin of the change, such as `api` or `policy`. */
    actor: z.string().max(MAX_ACTOR_LENGTH),
    action: z.enum(['activate', 'rollback', 'shadow', 'canary']),
    reason: z.string().max(10 * MAX_REASON_LENGTH),
    /** The version that had the role before. */
    from: version.nullable(),
    /** The version that has the role now. */
    to: version.nullable(),
    /** The share of a canary. */
    share: share.optional(),
  }),
);

/** A change of roles in the audit trail. */
export type RecordedChange = z.infer<typeof recordedChange>;

const roles = z.object({
  format: z.literal(1),
  /** Grows by one with each change. */
  revision: revision.default(0),
  active: version,
  shadow: version.nullable().default(null),
  canary: z.object({ version, share }).nullable().default(null),
  /** The formerly active versions, latest first. */
  previous: z.array(version).max(1_000).default([]),
  /** Milliseconds since the epoch. */
  activeSince: time.default(0),
  /** The last change. */
  change: recordedChange.nullable().default(null),
});

/** The roles of a model's versions: the content of `roles.json`. */
export type Roles = z.infer<typeof roles>;

/** A requested change of roles. */
export type RoleChange =
  | { readonly action: 'activate'; readonly version: string }
  | { readonly action: 'rollback' }
  | { readonly action: 'shadow'; readonly version: string | null }
  | { readonly action: 'canary'; readonly version: string | null; readonly share?: number };

/**
 * Adds the former names of three fields, `who`, `what` and `why`: existing clients read them, and during a rolling update
 * a process of an earlier version reads the files that this one writes.
 */
export function withFormerNames<C extends RecordedChange>(change: C) {
  return { ...change, who: change.actor, what: change.action, why: change.reason };
}

/** The actor and the reason of a change. */
export interface ChangeAttribution {
  readonly actor: string;
  readonly reason: string;
}

/**
 * Parses the content of a roles file. Written by hand, `{"format": 1, "active": "2"}` is enough.
 *
 * @throws {Error} if the content is not valid; the message names the fault
 */
export function parseRoles(text: string): Roles {
  const json: unknown = JSON.parse(text);
  const result = roles.safeParse(json);
  if (!result.success) throw new Error(z.prettifyError(result.error));
  return result.data;
}

/** Parses a row of the audit trail. Returns `undefined` if the line is not a valid row. */
export function parseChange(line: string): RecordedChange | undefined {
  try {
    return recordedChange.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/**
 * Returns the roles of a model without a roles file: the newest version is active.
 *
 * @param versions newest first, at least one
 * @param activeSince the time when the newest version appeared, in milliseconds since the epoch
 */
export function defaultRoles(versions: readonly string[], activeSince: number): Roles {
  const [active, ...previous] = versions;
  return { format: 1, revision: 0, active: active!, shadow: null, canary: null, previous, activeSince, change: null };
}

/**
 * Returns the roles after a change. A version has one role at a time, so it loses its former role.
 *
 * @param now milliseconds since the epoch
 * @param lastRevision the highest revision so far, if it is not the one of these roles
 * @returns the same object if the change has no effect
 * @throws {Problem} for a rollback without a previous version, and for the active version as shadow or canary
 */
export function applyChange(
  before: Roles,
  change: RoleChange,
  { actor, reason }: ChangeAttribution,
  now: number,
  lastRevision = before.revision,
): Roles {
  const next = assignVersions(before, change);
  if (next === before) return before;
  const role = change.action === 'shadow' || change.action === 'canary' ? change.action : 'active';
  const recorded: RecordedChange = {
    revision: Math.max(before.revision, lastRevision) + 1,
    at: now,
    actor,
    action: change.action,
    reason: reason.slice(0, MAX_REASON_LENGTH),
    from: versionIn(before, role),
    to: versionIn(next, role),
    ...(role === 'canary' && next.canary && { share: next.canary.share }),
  };
  const activeSince = next.active === before.active ? before.activeSince : now;
  return { ...next, revision: recorded.revision, activeSince, change: recorded };
}

function assignVersions(roles: Roles, change: RoleChange): Roles {
  const { active, shadow, canary, previous, revision: current } = roles;
  switch (change.action) {
    case 'activate': {
      const { version: to } = change;
      // Without a file the newest version is active only until a newer one appears. After this change it stays active.
      if (to === active) return current > 0 ? roles : { ...roles };
      const others = previous.filter((one) => one !== to);
      return { ...withoutExperiment(roles, to), active: to, previous: [active, ...others].slice(0, MAX_PREVIOUS) };
    }
    case 'rollback': {
      const [to, ...others] = previous;
      if (to === undefined) {
        throw new Problem(
          'nothing-to-roll-back',
          `Version ${active} is active, and no formerly active version can be used; activate a version by its name.`,
        );
      }
      return { ...withoutExperiment(roles, to), active: to, previous: others };
    }
    case 'shadow': {
      const { version: to } = change;
      if (to === shadow) return roles;
      if (to === null) return { ...roles, shadow: null };
      rejectActive(to, active);
      return { ...withoutExperiment(roles, to), shadow: to };
    }
    case 'canary': {
      const { version: to, share: newShare = canary?.share ?? DEFAULT_CANARY_SHARE } = change;
      if (to === null) return canary === null ? roles : { ...roles, canary: null };
      rejectActive(to, active);
      if (to === canary?.version && newShare === canary.share) return roles;
      return { ...withoutExperiment(roles, to), canary: { version: to, share: newShare } };
    }
  }
}

/** Takes the roles of shadow and canary from a version. */
function withoutExperiment(roles: Roles, version: string): Roles {
  return {
    ...roles,
    shadow: roles.shadow === version ? null : roles.shadow,
    canary: roles.canary?.version === version ? null : roles.canary,
  };
}

function rejectActive(version: string, active: string): void {
  if (version !== active) return;
  throw new Problem('version-active', `"version" must be another version than the active one, ${active}.`);
}

function versionIn({ active, shadow, canary }: Roles, role: 'active' | 'shadow' | 'canary'): string | null {
  if (role === 'active') return active;
  return role === 'shadow' ? shadow : (canary?.version ?? null);
}
