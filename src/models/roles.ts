import { z } from 'zod';
import { Problem } from '../platform/problems.ts';
import { SAFE_NAME } from '../platform/safe-names.ts';

/** How many formerly active versions are remembered. */
const mostPrevious = 20;

/** The share of a canary for which none was said. */
const defaultShare = 0.1;

/** The longest reason that is kept for a change. */
export const MAX_REASON_LENGTH = 500;

const version = z.string().regex(SAFE_NAME);
const share = z.number().min(0).max(1);
const revision = z.int().nonnegative();

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
    at: z.number(),
    /** The origin of the change, such as `api` or `policy`. */
    actor: z.string(),
    action: z.enum(['activate', 'rollback', 'shadow', 'canary']),
    reason: z.string(),
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
  /** The versions that were active before, latest first. */
  previous: z.array(version).default([]),
  /** Milliseconds since the epoch. */
  activeSince: z.number().default(0),
  change: recordedChange.nullable().default(null),
});

/** Which version of a model does what: the content of `roles.json`. */
export type Roles = z.infer<typeof roles>;

/** What can be asked for. */
export type RoleChange =
  | { readonly action: 'activate'; readonly version: string }
  | { readonly action: 'rollback' }
  | { readonly action: 'shadow'; readonly version: string | null }
  | { readonly action: 'canary'; readonly version: string | null; readonly share?: number };

/** The actor and the reason of a change. */
export interface ChangeAttribution {
  readonly actor: string;
  readonly reason: string;
}

/**
 * What a roles file says. Written by hand, `{"format": 1, "active": "2"}` is enough.
 *
 * @throws Error that says what is wrong with it
 */
export function parseRoles(text: string): Roles {
  const json: unknown = JSON.parse(text);
  const result = roles.safeParse(json);
  if (!result.success) throw new Error(z.prettifyError(result.error));
  return result.data;
}

/** One row of the audit trail; undefined where a line is none. */
export function parseChange(line: string): RecordedChange | undefined {
  try {
    return recordedChange.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

/**
 * The roles where none were written: the newest version is active.
 *
 * @param versions newest first, at least one
 * @param activeSince when the newest appeared, in milliseconds since the epoch
 */
export function defaultRoles(versions: readonly string[], activeSince: number): Roles {
  const [active, ...previous] = versions;
  return { format: 1, revision: 0, active: active!, shadow: null, canary: null, previous, activeSince, change: null };
}

/**
 * The roles after a change. A version has one role at a time: it gives up the one that it had.
 *
 * @param now in milliseconds since the epoch
 * @param lastRevision the highest that was ever given out, where that is not the one of these roles
 * @returns the same object where the change would change nothing
 * @throws {Problem} for what cannot be: a rollback without a previous version, an active version on trial
 */
export function changed(
  before: Roles,
  change: RoleChange,
  { actor, reason }: ChangeAttribution,
  now: number,
  lastRevision = before.revision,
): Roles {
  const next = applied(before, change);
  if (next === before) return before;
  const role = change.action === 'shadow' || change.action === 'canary' ? change.action : 'active';
  const to = versionIn(next, role);
  const recorded: RecordedChange = {
    revision: Math.max(before.revision, lastRevision) + 1,
    at: now,
    actor,
    action: change.action,
    reason: reason.slice(0, MAX_REASON_LENGTH),
    from: versionIn(before, role),
    to,
    ...(role === 'canary' && next.canary && { share: next.canary.share }),
  };
  const activeSince = next.active === before.active ? before.activeSince : now;
  return { ...next, revision: recorded.revision, activeSince, change: recorded };
}

function applied(roles: Roles, change: RoleChange): Roles {
  const { active, shadow, canary, previous, revision: current } = roles;
  switch (change.action) {
    case 'activate': {
      const { version: to } = change;
      // Without a file the newest is active for as long as it is the newest; activated, it stays.
      if (to === active) return current > 0 ? roles : { ...roles };
      const others = previous.filter((one) => one !== to);
      return { ...withoutTrial(roles, to), active: to, previous: [active, ...others].slice(0, mostPrevious) };
    }
    case 'rollback': {
      const [to, ...others] = previous;
      if (to === undefined) {
        throw new Problem(
          'nothing-to-roll-back',
          `Version ${active} is active, and no version that was active before it can be used; activate one by its name.`,
        );
      }
      return { ...withoutTrial(roles, to), active: to, previous: others };
    }
    case 'shadow': {
      const { version: to } = change;
      if (to === shadow) return roles;
      if (to === null) return { ...roles, shadow: null };
      refuseActive(to, active);
      return { ...withoutTrial(roles, to), shadow: to };
    }
    case 'canary': {
      const { version: to, share: asked = canary?.share ?? defaultShare } = change;
      if (to === null) return canary === null ? roles : { ...roles, canary: null };
      refuseActive(to, active);
      if (to === canary?.version && asked === canary.share) return roles;
      return { ...withoutTrial(roles, to), canary: { version: to, share: asked } };
    }
  }
}

function withoutTrial(roles: Roles, version: string): Roles {
  return {
    ...roles,
    shadow: roles.shadow === version ? null : roles.shadow,
    canary: roles.canary?.version === version ? null : roles.canary,
  };
}

function refuseActive(version: string, active: string): void {
  if (version !== active) return;
  throw new Problem('version-active', `"version" must be another version than the active one, ${active}.`);
}

function versionIn({ active, shadow, canary }: Roles, role: 'active' | 'shadow' | 'canary'): string | null {
  if (role === 'active') return active;
  return role === 'shadow' ? shadow : (canary?.version ?? null);
}
