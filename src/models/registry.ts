import { join } from 'node:path';
import { Problem } from '../platform/problems.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { readChanges } from './audit.ts';
import { createModelSynchronizer, type ModelSynchronizer } from './model-synchronizer.ts';
import type { ChangeAttribution, RecordedChange, RoleChange, Roles } from './roles.ts';
import { listModelFolders, type Model, type Models, type ModelVersions } from './store.ts';
import { createVersionLoader } from './version-loader.ts';

/** The models of a folder, as this process serves them. Every process of the folder comes to serve the same. */
export interface ModelRegistry {
  /** What requests read. A request keeps the version that it began with. */
  models(): Models;
  /** The roles that are followed for a model. */
  roles(name: string): Roles | undefined;
  /**
   * Changes a model's roles, for every process: when this resolves the change is on the disk, in the audit trail, and in
   * this process's memory; other processes follow within about a second.
   *
   * @throws {Problem} for an unknown model or version, a damaged one, or a change that cannot be
   */
  change(name: string, change: RoleChange, by: ChangeAttribution): Promise<ModelVersions>;
  /** The last changes of a model, latest first. */
  changes(name: string): Promise<RecordedChange[]>;
  /** Looks at the folder now: at one model, or at all of them. */
  refresh(name?: string): Promise<void>;
  /**
   * Reads every version of a model that is stored, also where it was refused before or its model was unloaded.
   *
   * @throws {Problem} where none can be used
   */
  load(name: string): Promise<void>;
  /** Takes a model out of this process's memory until it is loaded again. */
  unload(name: string): Promise<void>;
  /** Looks no more, and resolves when the last look and the last change are done. */
  close(): Promise<void>;
}

export interface RegistryOptions {
  /** Holds `NAME/VERSION/`. */
  readonly folder: string;
  readonly log: Log;
  /** Is given each version that was read, before any request gets it. */
  readonly warmUp?: (model: Model) => void | Promise<void>;
  /** Is told what is served of a model from now on. */
  readonly onSwap?: (versions: ModelVersions) => void;
  /** How long after one look at the folder the next one follows. */
  readonly pollMs?: number;
}

const defaultPollMs = 1_000;

/** Reads the models of a folder, and follows the folder from then on. */
export async function openRegistry({
  folder,
  log,
  warmUp = () => {},
  onSwap = () => {},
  pollMs = defaultPollMs,
}: RegistryOptions): Promise<ModelRegistry> {
  const loader = createVersionLoader(folder, log, warmUp);
  const keepers = new Map<string, ModelSynchronizer>();
  const unloaded = new Set<string>();
  let models: Models = new Map();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();
  let trouble = '';
  let closed = false;

  function keeperOf(name: string): ModelSynchronizer {
    const known = keepers.get(name);
    if (known) return known;
    const keeper = createModelSynchronizer(name, {
      folder,
      loader,
      log,
      onSwap: (versions) => {
        if (unloaded.has(name)) return;
        models = new Map([...models, [name, versions]]);
        onSwap(versions);
      },
    });
    keepers.set(name, keeper);
    return keeper;
  }

  async function refresh(name?: string): Promise<void> {
    const names = name === undefined ? await listModelFolders(folder) : [name];
    await Promise.all(names.filter((one) => !unloaded.has(one)).map((one) => keeperOf(one).refresh()));
  }

  async function lookAgain(): Promise<void> {
    try {
      await refresh();
      trouble = '';
    } catch (error) {
      const { message } = error as Error;
      if (message !== trouble) log.error('models folder not read', exceptionAttributes(error));
      trouble = message;
    }
    if (!closed) lookLater();
  }

  function lookLater(): void {
    timer = setTimeout(() => {
      looking = lookAgain();
    }, pollMs).unref();
  }

  await refresh();
  lookLater();
  return {
    models: () => models,
    roles: (name) => (models.has(name) ? keepers.get(name)?.inForce()?.roles : undefined),
    async change(name, change, by) {
      if (!models.has(name)) throw noSuchModel(name, 'loaded', models.keys());
      return keeperOf(name).change(change, by);
    },
    async changes(name) {
      if (!models.has(name)) throw noSuchModel(name, 'loaded', models.keys());
      return readChanges(join(folder, name));
    },
    refresh,
    async load(name) {
      // A name becomes a path only after it was found in the listing of the folder.
      const stored = await listModelFolders(folder);
      if (!stored.includes(name)) throw noSuchModel(name, 'stored', stored);
      const wasUnloaded = unloaded.delete(name);
      loader.distrust(name);
      if (await keeperOf(name).refresh()) return;
      if (wasUnloaded) unloaded.add(name);
      throw new Problem(
        'model-damaged',
        `No version of the model ${JSON.stringify(name)} can be used; the log says why.`,
      );
    },
    async unload(name) {
      if (!models.has(name)) throw new Problem('model-not-found', `No model ${JSON.stringify(name)} is loaded.`);
      unloaded.add(name);
      models = new Map([...models].filter(([other]) => other !== name));
      await keepers.get(name)?.settled();
      keepers.delete(name);
      loader.keepOnly(name, []);
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await looking;
      await Promise.all([...keepers.values()].map((keeper) => keeper.settled()));
    },
  };
}

function noSuchModel(name: string, state: string, names: Iterable<string>): Problem {
  return new Problem(
    'model-not-found',
    `No model ${JSON.stringify(name)} is ${state}; there are: ${[...names].join(', ')}.`,
  );
}
