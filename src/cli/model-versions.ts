import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ArtefactError } from '../artefacts/artefact-error.ts';
import { listVersions, nextVersion } from '../artefacts/versions.ts';
import { lastActivation, readChanges } from '../models/audit.ts';
import { createAuditWriter } from '../models/audit-writer.ts';
import { createRolesSource, readRoles } from '../models/roles-file.ts';
import { modelsDatabaseOf } from '../models/sources/settings.ts';
import type { Model } from '../models/store.ts';
import { readSetting } from '../platform/config.ts';
import type { DatabaseAddress } from '../postgres/address.ts';
import { createEngines } from '../runtimes/onnx/engines.ts';
import { openVersion } from '../runtimes/open-version.ts';
import { type EndpointChoice, openCommandRemotes } from '../runtimes/remote/settings.ts';
import { createSilentLog } from '../telemetry/logs/log.ts';
import { requireReference, UsageError } from './usage.ts';

/**
 * Reads the version of a reference, NAME@VERSION, or the active version for NAME.
 *
 * @param flag the name of the option with the reference, for messages
 * @throws {UsageError} without a valid reference, or if the folder lacks the model
 * @throws {ArtefactError} if the version is missing or damaged
 */
export async function loadVersion(models: string, reference: string | undefined, flag = 'model'): Promise<Model> {
  const { name, version } = requireReference(flag, reference);
  const versions = await listVersions(models, name);
  if (version !== undefined) {
    const folder = join(models, name, version);
    if (versions.length > 0 && !versions.includes(version)) {
      throw new ArtefactError(folder, `there is no such version; there are: ${versions.join(', ')}`);
    }
    return readVersion(models, name, version, 'allowed');
  }
  if (versions.length === 0)
    throw new UsageError(`--${flag} is ${JSON.stringify(name)}, and ${models} holds no such model`);
  const active = await findActive(models, name, 'allowed');
  if (active === undefined) throw new ArtefactError(join(models, name), 'none of its versions can be used');
  return active;
}

/**
 * Finds the version that a service makes active at its start. This is the active version of the roles, or without roles the
 * newest. If its files are damaged, a formerly active or another version takes its place.
 *
 * @param endpoints the endpoints whose models are found: a caller that sends no text finds any
 * @returns `undefined` if no version can be used
 */
export async function findActive(
  models: string,
  name: string,
  endpoints: EndpointChoice = 'any',
): Promise<Model | undefined> {
  const folder = join(models, name);
  const newestFirst = (await listVersions(models, name)).reverse();
  const file = await readRoles(folder);
  const preferred =
    file.kind === 'roles'
      ? [file.roles.active, ...file.roles.previous]
      : file.kind === 'damaged'
        ? [lastActivation(await readChanges(folder))?.to]
        : [];
  for (const version of new Set([...preferred, ...newestFirst])) {
    if (typeof version !== 'string') continue;
    const model = await readVersion(models, name, version, endpoints).catch((error: unknown) => {
      if (!(error instanceof ArtefactError)) throw error;
    });
    if (model) return model;
  }
  return undefined;
}

/** The place of a version that a command will write. */
export interface NewVersion {
  readonly version: string;
  readonly folder: string;
  /** The version that is active before, if there is one. */
  readonly active: string | undefined;
}

/**
 * Returns the database of the versions, if the setting `MODELS_STORE` says that they are in one.
 *
 * @throws {ConfigError} if a setting cannot be used
 */
export function readModelsDatabase(): DatabaseAddress | undefined {
  return modelsDatabaseOf({
    MODELS_STORE: readSetting('MODELS_STORE'),
    DATABASE_URL: readSetting('DATABASE_URL'),
    DATABASE_PASSWORD_FILE: readSetting('DATABASE_PASSWORD_FILE'),
  });
}

/**
 * Makes the models folder follow the versions of the database, and the roles of one model, if versions are in a database.
 *
 * @throws {Error} if the database is away
 */
async function followDatabase(models: string, name: string): Promise<void> {
  const address = readModelsDatabase();
  if (!address) return;
  // The client of PostgreSQL is loaded only if it is needed.
  const { fetchVersions, withSharedModels } = await import('../models/sources/shared-models.ts');
  const folder = join(models, name);
  const { withRolesLock } = createAuditWriter(name, folder, createSilentLog());
  await withSharedModels(address, async (shared) => {
    await fetchVersions(models, shared);
    const roles = createRolesSource(name, folder, shared.state, withRolesLock);
    await roles.copy(await roles.read());
  });
}

/**
 * Chooses the place of a new version of a model.
 *
 * @param given the name of the version; without it, the next number
 * @throws {ArtefactError} if the version exists already
 * @throws {Error} if versions are in a database, and it is away
 */
export async function chooseNewVersion(models: string, name: string, given: string | undefined): Promise<NewVersion> {
  await followDatabase(models, name);
  const version = given ?? (await nextVersion(models, name));
  const folder = join(models, name, version);
  if (existsSync(folder)) throw new ArtefactError(folder, 'this version exists already');
  return { version, folder, active: (await findActive(models, name))?.version };
}

async function readVersion(models: string, name: string, version: string, endpoints: EndpointChoice): Promise<Model> {
  const engines = createEngines(readSetting('RUNTIMES_DIR'));
  const remotes = await openCommandRemotes(endpoints);
  const { manifest, classifier } = await openVersion(join(models, name, version), { engines, remotes });
  return { name, version, manifest, classifier };
}
