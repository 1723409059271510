import { closeClassifier } from '../runtimes/runtime.ts';
import type { Model } from './store.ts';

/** Identifies a version, in memory or not. */
export type VersionReference = Pick<Model, 'name' | 'version'>;

/** The maximum number of versions without a role in memory. */
const MAX_NAMED = 16;

/** The maximum size of their weights files together. In memory a version takes five times the size of its file. */
const MAX_NAMED_WEIGHTS_BYTES = 8 * 1024 * 1024;

/** The time in milliseconds after the last request for a version without a role until the version leaves memory. */
const MAX_IDLE_MS = 600_000;

/** The limits on versions without a role in memory. */
export interface MemoryLimits {
  readonly maxNamed?: number;
  readonly maxWeightsBytes?: number;
  readonly maxIdleMs?: number;
  /** Returns the time in milliseconds, of a clock that is never set. */
  readonly now?: () => number;
}

/** The versions in memory. Those with a role stay. Others leave when they are not used, or when there are too many. */
export interface VersionMemory {
  /** Returns a version, and records its use. */
  use(version: VersionReference): Model | undefined;
  has(version: VersionReference): boolean;
  /** Adds a version, or replaces it. */
  put(model: Model): void;
  /** Sets the versions of a model that stay: those with a role. */
  pin(name: string, models: readonly Model[]): void;
  /** Removes the versions of a model that are not listed. */
  retain(name: string, versions: readonly string[]): void;
  /** Removes versions that no request has named for a while. */
  removeIdle(): void;
}

/**
 * Creates an empty memory.
 *
 * @param onLeave receives each version that leaves because of a limit
 */
export function createVersionMemory(
  onLeave: (version: VersionReference) => void,
  {
    maxNamed = MAX_NAMED,
    maxWeightsBytes = MAX_NAMED_WEIGHTS_BYTES,
    maxIdleMs = MAX_IDLE_MS,
    now = () => performance.now(),
  }: MemoryLimits = {},
): VersionMemory {
  /** In the order of their last use. */
  const entries = new Map<string, { readonly model: Model; usedAt: number }>();
  const pinned = new Map<string, ReadonlySet<string>>();

  const keyOf = ({ name, version }: VersionReference) => `${name}@${version}`;
  const isPinned = ({ name, version }: VersionReference) => pinned.get(name)?.has(version) ?? false;

  /** Returns the versions without a role, the least recently used first. */
  function named(): { model: Model; usedAt: number }[] {
    return [...entries.values()].filter(({ model }) => !isPinned(model));
  }

  function remove(model: Model): void {
    entries.delete(keyOf(model));
    closeClassifier(model.classifier);
  }

  function leave(model: Model): void {
    remove(model);
    onLeave(model);
  }

  /** Removes the least recently used versions above the limits. The last one stays, however large it is. */
  function enforceLimits(): void {
    const candidates = named();
    let bytes = candidates.reduce((sum, { model }) => sum + model.manifest.weights.bytes, 0);
    let count = candidates.length;
    for (const { model } of candidates.slice(0, -1)) {
      if (count <= maxNamed && bytes <= maxWeightsBytes) return;
      count -= 1;
      bytes -= model.manifest.weights.bytes;
      leave(model);
    }
  }

  function put(model: Model): Model {
    const key = keyOf(model);
    const former = entries.get(key)?.model;
    if (former !== undefined && former !== model) closeClassifier(former.classifier);
    entries.delete(key);
    entries.set(key, { model, usedAt: now() });
    return model;
  }

  return {
    use(version) {
      const model = entries.get(keyOf(version))?.model;
      return model && put(model);
    },
    has: (version) => entries.has(keyOf(version)),
    put(model) {
      put(model);
      enforceLimits();
    },
    pin(name, models) {
      // The idle time of a version starts when it loses its role.
      for (const version of pinned.get(name) ?? []) {
        const model = entries.get(keyOf({ name, version }))?.model;
        if (model) put(model);
      }
      for (const model of models) put(model);
      pinned.set(name, new Set(models.map(({ version }) => version)));
      enforceLimits();
    },
    retain(name, versions) {
      for (const { model } of [...entries.values()]) {
        if (model.name === name && !versions.includes(model.version)) remove(model);
      }
    },
    removeIdle() {
      const deadline = now() - maxIdleMs;
      for (const { model, usedAt } of named()) if (usedAt <= deadline) leave(model);
    },
  };
}
