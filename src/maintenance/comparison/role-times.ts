import { HOUR_MS, hourOf } from '../../feedback/database/feedback.ts';
import type { ModelRegistry } from '../../models/registry.ts';
import type { ModelVersions } from '../../models/store.ts';

/** The times when the current versions took their roles, in milliseconds since the epoch. */
export interface RoleTimes {
  readonly active: number;
  readonly shadow: number;
  readonly canary: number;
}

type RoleRegistry = Pick<ModelRegistry, 'roles' | 'changes'>;

/** For each time of a role change that was in the future, the hour in which this process first read it. */
const firstReads = new WeakMap<RoleRegistry, Map<string, number>>();

/**
 * Reads from the audit trail when the versions took their current roles. A time in the future exists if the clock was ahead
 * when the role changed: nothing could be measured until it comes. The hour of its first reading takes its place: predictions
 * are counted by the hour where the time of a change is not known.
 *
 * @param now in milliseconds since the epoch
 */
export async function readRoleTimes(
  { name, shadow, canary }: ModelVersions,
  registry: RoleRegistry,
  now: number,
): Promise<RoleTimes> {
  const active = registry.roles(name)?.activeSince ?? 0;
  const changes = shadow || canary ? await registry.changes(name) : [];
  const since = (action: 'shadow' | 'canary', version: string | undefined) =>
    changes.find((change) => change.action === action && change.to === version)?.at ?? active;
  const known = firstReads.get(registry) ?? new Map<string, number>();
  firstReads.set(registry, known);
  const settle = (role: keyof RoleTimes, time: number) => {
    const key = `${name} ${role} ${time}`;
    if (time > now && !known.has(key)) known.set(key, hourOf(now) * HOUR_MS);
    return known.get(key) ?? time;
  };
  return {
    active: settle('active', active),
    shadow: settle('shadow', since('shadow', shadow?.version)),
    canary: settle('canary', since('canary', canary?.model.version)),
  };
}
