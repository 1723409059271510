import { join } from 'node:path';
import { packArtefact } from '../../artefacts/artefact.ts';
import { ArtefactError } from '../../artefacts/artefact-error.ts';
import type { Manifest } from '../../artefacts/manifest.ts';
import { type DatabaseAddress, describeAddress } from '../../postgres/address.ts';
import { openDatabase } from '../../postgres/database.ts';
import { createSharedState, type SharedState } from '../../postgres/shared-state.ts';
import { createVersionStore, type VersionStore } from '../../postgres/version-store.ts';
import type { Signer } from '../../signing/signer.ts';
import { createSilentLog } from '../../telemetry/logs/log.ts';
import { createVersionCache, withCacheLock } from './version-cache.ts';
import { asStored, readVersionFiles, versionFile } from './version-files.ts';

/** The database of a process that writes versions, and serves none. */
export interface SharedModels {
  readonly state: SharedState;
  readonly versions: VersionStore;
}

/** The database of the versions is away. The message names it, without user and password. */
class ModelsDatabaseError extends Error {
  override name = 'ModelsDatabaseError';
}

/**
 * Does some work with the versions of a database.
 *
 * @throws {ModelsDatabaseError} if the database is away
 */
export async function withSharedModels<T>(
  address: DatabaseAddress,
  work: (shared: SharedModels) => Promise<T>,
): Promise<T> {
  let fault: string | undefined;
  const database = openDatabase(address, (reason) => {
    fault = reason;
  });
  try {
    await database.opened;
    if (fault !== undefined) throw new Error(fault);
    return await work({ state: createSharedState(database), versions: createVersionStore(database) });
  } catch (error) {
    if (fault === undefined) throw error;
    throw new ModelsDatabaseError(`${describeAddress(address)} cannot be used: ${fault}`, { cause: error });
  } finally {
    await database.close();
  }
}

/** Makes a models folder follow the database. @throws {Error} if it cannot */
export function fetchVersions(models: string, { versions }: Pick<SharedModels, 'versions'>): Promise<void> {
  const log = createSilentLog();
  return createVersionCache(models, versions, log, false).update();
}

/**
 * Stores a version in the database, and then in a models folder.
 *
 * @throws {ArtefactError} if the database has, or had, a version of this name, or the version cannot be read again
 */
export async function publishVersion(
  models: string,
  shared: Pick<SharedModels, 'versions'>,
  manifest: Manifest,
  bytes: Uint8Array,
  signer?: Signer,
): Promise<void> {
  const { name, version } = manifest;
  const folder = join(models, name, version);
  const packed = [...packArtefact(folder, manifest, bytes, signer)];
  const files = await Promise.all(packed.map(([path, content]) => versionFile(path, content)));
  if (!(await shared.versions.add(name, version, asStored(files)))) {
    throw new ArtefactError(folder, 'the database has, or had, a version of this name');
  }
  await fetchVersions(models, shared);
}

/**
 * Replaces the files of a version in the database by those in its folder, where `change` changes them.
 *
 * @throws {ArtefactError} if the database does not have the files that were in the folder before
 */
export async function publishChange<T>(
  models: string,
  { versions }: SharedModels,
  { name, version }: Readonly<Record<'name' | 'version', string>>,
  change: () => Promise<T>,
): Promise<T> {
  const folder = join(models, name, version);
  return withCacheLock(models, async () => {
    const { digest } = await readVersionFiles(folder);
    const result = await change();
    const changed = await readVersionFiles(folder);
    const isStored =
      (await versions.replace(name, version, digest, changed)) || (await versions.add(name, version, changed));
    if (!isStored) throw new ArtefactError(folder, 'the database has other files of this version');
    return result;
  });
}
