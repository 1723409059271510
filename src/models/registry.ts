import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RefusedVersion } from '../artefacts/artefact-error.ts';
import type { Degradations } from '../platform/degradations.ts';
import { Problem } from '../platform/problems.ts';
import { withDeadline } from '../platform/regular-file.ts';
import { ATTRIBUTE } from '../telemetry/names.ts';
import { readChanges } from './audit.ts';
import { startFolderPoll } from './folder-poll.ts';
import { createModelSynchronizer, type ModelSynchronizer } from './model-synchronizer.ts';
import type { RegistryEvent, RegistryOptions } from './registry-options.ts';
import type { ChangeAttribution, RecordedChange, RoleChange, Roles } from './roles.ts';
import { readAllRoles } from './roles-file.ts';
import { createVersionCache } from './sources/version-cache.ts';
import {
  asProblem,
  listModelFolders,
  type Model,
  type Models,
  type ModelVersion,
  type ModelVersions,
  modelNotFound,
} from './store.ts';
import { createVersionLoader } from './version-loader.ts';
import type { VersionReference } from './version-memory.ts';

/** The models of a folder. All processes that share the folder serve the same versions, after about a second. */
export interface ModelRegistry {
  /** Returns the loaded models. A request keeps the version that it began with. */
  models(): Models;
  /** Returns the stored versions that cannot be used. */
  refused(): readonly RefusedVersion[];
  /**
   * Returns a version in memory, and loads it before if necessary. Versions without a role leave memory when they are not
   * used, or when there are too many.
   *
   * @returns `undefined`, or a promise of it, if the version cannot be used any more; the log has the reason
   */
  use(version: ModelVersion): Model | Promise<Model | undefined>;
  /** Returns whether a version is in the memory of this process. */
  isInMemory(version: VersionReference): boolean;
  /** Returns whether a stored version cannot be used. */
  isRefused(version: VersionReference): boolean;
  /** Returns the roles that this process follows for a model, or `undefined` if the model is not loaded. */
  roles(name: string): Roles | undefined;
  /**
   * Changes the roles of a model for all processes. When the promise resolves, the change is on the disk, in the audit
   * trail, in the memory of this process, and announced. Processes that get no announcement follow within about a second.
   *
   * @throws {Problem} if the model or version is unknown or damaged, or the change is not possible
   */
  change(name: string, change: RoleChange, attribution: ChangeAttribution): Promise<ModelVersions>;
  /**
   * Returns the last changes of a model, latest first.
   *
   * @throws {Problem} if the model is not loaded
   */
  changes(name: string): Promise<RecordedChange[]>;
  /** Reads the folder of one model, or of all models, without waiting for the next poll. */
  refresh(name?: string): Promise<void>;
  /**
   * Checks every stored version of a model, also after it was refused or the model was unloaded, for all processes on this
   * machine. Versions with a role are loaded.
   *
   * @throws {Problem} if the model has no folder, or none of its versions can be used
   */
  load(name: string): Promise<void>;
  /**
   * Removes a model from the memory of all processes on this machine until it is loaded again.
   *
   * @throws {Problem} if the model is not loaded
   */
  unload(name: string): Promise<void>;
  /** Applies the change of another process on this machine. */
  follow(name: string, event: RegistryEvent): Promise<void>;
  /** Stops polling, and resolves when the last refresh and the last change have ended. */
  close(): Promise<void>;
}

const DEFAULT_POLL_MS = 1_000;

/** The longest time in milliseconds for one model: large versions on a slow disk take some seconds. */
const REFRESH_TIMEOUT_MS = 60_000;

/** The longest wait in milliseconds for changes that are being written at the end. */
const CLOSE_TIMEOUT_MS = 5_000;

/** Reads the models of a folder, and polls the folder for changes until the registry is closed. */
export async function openRegistry({
  folder,
  log,
  warmUp = () => {},
  onSwap = () => {},
  announce = async () => {},
  reportFault = () => true,
  pollMs = DEFAULT_POLL_MS,
  unloaded: initiallyUnloaded = [],
  shared,
  versions,
  ...loaderOptions
}: RegistryOptions): Promise<ModelRegistry> {
  const loader = createVersionLoader(folder, log, warmUp, loaderOptions);
  const cache = versions && createVersionCache(folder, versions, log);
  const synchronizers = new Map<string, ModelSynchronizer>();
  const unloaded = new Set(initiallyUnloaded);
  let models: Models = new Map();

  const report: Degradations['report'] = (part, item, reason) => {
    const isNews = reportFault(part, item, reason);
    if (isNews && reason !== undefined) log.error(`${part} degraded`, { [ATTRIBUTE.reason]: reason });
    return isNews;
  };

  function synchronizerOf(name: string): ModelSynchronizer {
    const known = synchronizers.get(name);
    if (known) return known;
    const synchronizer = createModelSynchronizer(name, {
      folder,
      loader,
      log,
      shared,
      fetchVersions: () => updateCache().then(() => cache?.refused() ?? []),
      reportFault: report,
      onSwap: (versions, changedAt) => {
        if (unloaded.has(name)) return;
        models = new Map([...models, [name, versions]]);
        onSwap(versions, changedAt);
      },
    });
    synchronizers.set(name, synchronizer);
    return synchronizer;
  }

  /** Makes the folder follow the database. While the database is away, the copies in the folder serve. */
  async function updateCache(): Promise<void> {
    if (!cache) return;
    const fault = await withDeadline(join(folder, '.database'), cache.update, REFRESH_TIMEOUT_MS).then(
      () => undefined,
      (error: Error) =>
        `the versions of the database were not followed, the copies in ${folder} serve: ${error.message}`,
    );
    // No model can have this name.
    report('models', 'the database', fault);
  }

  async function refresh(name?: string): Promise<void> {
    // The roles are read before the versions, because a version is stored before it gets a role.
    const roles = await readAllRoles(shared);
    await updateCache();
    if (name !== undefined) {
      if (!unloaded.has(name)) await synchronizerOf(name).refresh(roles);
      return;
    }
    loader.removeIdle();
    const stored = await listModelFolders(folder);
    for (const one of synchronizers.keys()) if (!stored.includes(one) && !models.has(one)) loader.retain(one, []);
    const names = stored.filter((one) => !unloaded.has(one));
    // If the folder of one model cannot be read, the others stay.
    await Promise.all(
      names.map((one) =>
        withDeadline(join(folder, one), () => synchronizerOf(one).refresh(roles), REFRESH_TIMEOUT_MS).then(
          () => report('models', one, undefined),
          (error: Error) => report('models', one, `${join(folder, one)}: ${error.message}`),
        ),
      ),
    );
  }

  async function load(name: string): Promise<void> {
    const wasUnloaded = unloaded.delete(name);
    loader.invalidate(name);
    await synchronizerOf(name).refresh();
    await loader.verify(name);
    if (await synchronizerOf(name).refresh()) return;
    if (wasUnloaded) unloaded.add(name);
    throw new Problem(
      'model-damaged',
      `No version of the model ${JSON.stringify(name)} can be used; the log has the reasons.`,
    );
  }

  async function unload(name: string): Promise<void> {
    unloaded.add(name);
    models = new Map([...models].filter(([other]) => other !== name));
    await synchronizers.get(name)?.settled();
    synchronizers.delete(name);
    loader.pin(name, []);
    loader.retain(name, []);
  }

  const refused = () => [...loader.refused(), ...(cache?.refused() ?? [])];

  await refresh();
  const polling = startFolderPoll(refresh, (isStopped) => loader.verify(undefined, isStopped), log, pollMs);
  return {
    models: () => models,
    refused,
    use(version) {
      const model = loader.use(version);
      return model instanceof Promise ? model.catch(asProblem) : model;
    },
    isInMemory: loader.isLoaded,
    isRefused: ({ name, version }) => refused().some((one) => one.model === name && one.version === version),
    roles: (name) => (models.has(name) ? synchronizers.get(name)?.served()?.roles : undefined),
    async change(name, change, attribution) {
      if (!models.has(name)) throw modelNotFound('loaded', models.keys());
      const versions = await synchronizerOf(name).change(change, attribution);
      await announce(name, 'roles-changed');
      return versions;
    },
    async changes(name) {
      if (!models.has(name)) throw modelNotFound('loaded', models.keys());
      return readChanges(join(folder, name));
    },
    refresh,
    async load(name) {
      // The name comes from a request: it becomes a path only if the listing of the folder contains it.
      await updateCache();
      const stored = await listModelFolders(folder);
      if (!stored.includes(name)) throw modelNotFound('stored', stored);
      await load(name);
      await announce(name, 'loaded');
    },
    async unload(name) {
      if (!models.has(name)) throw new Problem('model-not-found', 'No such model is loaded.');
      await unload(name);
      await announce(name, 'unloaded');
    },
    async follow(name, event) {
      if (event === 'roles-changed') await refresh(name);
      else if (event === 'unloaded') await unload(name);
      else await load(name);
    },
    async close() {
      const settled = [...synchronizers.values()].map((synchronizer) => synchronizer.settled());
      // A folder that hangs must not hold up the end of the process.
      await Promise.race([
        Promise.all([polling.stop(), ...settled]),
        delay(CLOSE_TIMEOUT_MS, undefined, { ref: false }),
      ]);
    },
  };
}
