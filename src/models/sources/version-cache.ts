import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readDescription, verifyWeights } from '../../artefacts/artefact.ts';
import { ArtefactError, type RefusedVersion } from '../../artefacts/artefact-error.ts';
import { listVersions, recordVersions } from '../../artefacts/versions.ts';
import { withLock } from '../../platform/file-lock.ts';
import { listFolders } from '../../platform/list-folders.ts';
import { SAFE_NAME } from '../../platform/safe-names.ts';
import type { StoredVersion, VersionStore } from '../../postgres/version-store.ts';
import { fingerprintOfFolder } from '../../signing/folder-files.ts';
import { exceptionAttributes, type Log } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../../telemetry/names.ts';
import {
  checkStoredFiles,
  deleteVersionFiles,
  readVersionFiles,
  VersionFilesError,
  writeVersionFiles,
} from './version-files.ts';

/** The models folder as a copy of the versions in the database. */
export interface VersionCache {
  /**
   * Makes the folder follow the database: fetches versions that are new or have changed, deletes those that were deleted,
   * and stores intact versions of the folder whose names the database has never had.
   *
   * @throws {Error} if the database is away, or the folder cannot be written
   */
  update(): Promise<void>;
  /** Returns the versions whose files in the database are damaged, and that the folder lacks. */
  refused(): readonly RefusedVersion[];
}

/** The pause in milliseconds before a damaged version is fetched again: the database may have been repaired. */
const RETRY_MS = 30_000;

type Version = Pick<StoredVersion, 'model' | 'version'>;

/**
 * Creates the cache in a models folder. Processes that share the folder change it one after the other.
 *
 * @param stores whether versions of the folder are stored in the database
 */
export function createVersionCache(folder: string, store: VersionStore, log: Log, stores = true): VersionCache {
  const digests = new Map<string, { readonly fingerprint: string; readonly digest: string }>();
  const refusals = new Map<string, RefusedVersion & { readonly digest: string; readonly at: number }>();
  /** The versions of the folder that the database cannot have, with the state of their files. */
  const unusable = new Map<string, string>();
  let recorded = '';

  const keyOf = ({ model, version }: Version) => `${model}@${version}`;
  const pathOf = ({ model, version }: Version) => join(folder, model, version);

  /** Returns the digest of the files in the folder of a version, or undefined without a folder. */
  async function digestInFolder(version: Version): Promise<string | undefined> {
    const fingerprint = await fingerprintOfFolder(pathOf(version));
    if (fingerprint === 'ENOENT') return undefined;
    const known = digests.get(keyOf(version));
    if (known?.fingerprint === fingerprint) return known.digest;
    // Files that cannot be read are replaced by those of the database.
    const { digest } = await readVersionFiles(pathOf(version)).catch(() => ({ digest: 'unreadable' }));
    digests.set(keyOf(version), { fingerprint, digest });
    return digest;
  }

  async function isOutdated(stored: StoredVersion): Promise<boolean> {
    if ((await digestInFolder(stored)) !== stored.digest) return true;
    refusals.delete(keyOf(stored));
    return false;
  }

  /** Returns the versions of the folder whose names the database has never had. */
  async function findUnknown(known: readonly StoredVersion[]): Promise<Version[]> {
    const names = new Set(known.map(keyOf));
    const unknown: Version[] = [];
    for (const model of await listFolders(folder)) {
      for (const version of await listVersions(folder, model)) {
        const found = { model, version };
        if (names.has(keyOf(found))) continue;
        if (unusable.get(keyOf(found)) !== (await fingerprintOfFolder(pathOf(found)))) unknown.push(found);
      }
    }
    return unknown;
  }

  async function follow(stored: StoredVersion): Promise<void> {
    const former = await digestInFolder(stored);
    if (former === stored.digest) return;
    const attributes = attributesOf(stored);
    if (stored.digest === undefined) {
      await deleteVersionFiles(pathOf(stored));
      log.info('model deleted', attributes);
      return;
    }
    const files = await fetchFiles(stored);
    if (!files) return;
    await writeVersionFiles(pathOf(stored), files);
    refusals.delete(keyOf(stored));
    if (former === undefined) log.info('model fetched', attributes);
    else
      log.warn('model replaced', { ...attributes, [ATTRIBUTE.reason]: 'the database has other files of this version' });
  }

  /** Returns the files of a version, or undefined if they are damaged, or were deleted in the meantime. */
  async function fetchFiles(version: StoredVersion) {
    const found = await store.read(version.model, version.version);
    try {
      if (found) await checkStoredFiles(found);
      return found?.files;
    } catch (error) {
      if (!(error instanceof VersionFilesError)) throw error;
      const digest = version.digest!;
      if (refusals.get(keyOf(version))?.digest !== digest) {
        log.error('model refused', { ...attributesOf(version), ...exceptionAttributes(error) });
      }
      refusals.set(keyOf(version), {
        ...version,
        kind: 'damaged',
        reason: error.message,
        digest,
        at: performance.now(),
      });
      return undefined;
    }
  }

  /** Stores a version of the folder, if its files are intact. */
  async function storeVersion(version: Version): Promise<void> {
    const path = pathOf(version);
    const fingerprint = await fingerprintOfFolder(path);
    const found = await readIntact(version).catch((error: Error) => error);
    if (found instanceof Error) {
      unusable.set(keyOf(version), fingerprint);
      // A damaged version is refused, and logged, when it is loaded.
      if (found instanceof ArtefactError) return;
      log.warn('model not stored', { ...attributesOf(version), [ATTRIBUTE.reason]: found.message });
    } else if (await store.add(version.model, version.version, found)) log.info('model stored', attributesOf(version));
  }

  async function readIntact(version: Version) {
    const description = await readDescription(pathOf(version));
    const { name, version: number } = description.manifest;
    if (name !== version.model || number !== version.version) throw new Error('its manifest has another name');
    await verifyWeights(pathOf(version), description);
    return readVersionFiles(pathOf(version));
  }

  /** Keeps the numbers of all versions in the folder, so that no number is used again. */
  async function recordNumbers(known: readonly StoredVersion[]): Promise<void> {
    const names = known.map(keyOf).join();
    if (names === recorded) return;
    for (const [model, versions] of Map.groupBy(known, (stored) => stored.model)) {
      await mkdir(join(folder, model), { recursive: true });
      await recordVersions(
        folder,
        model,
        versions.map(({ version }) => version),
      );
    }
    recorded = names;
  }

  const mayFetch = (stored: StoredVersion) => {
    const refusal = refusals.get(keyOf(stored));
    if (refusal === undefined) return true;
    return refusal.digest !== stored.digest || performance.now() - refusal.at > RETRY_MS;
  };

  return {
    async update() {
      const known = (await store.list()).filter(
        ({ model, version }) => SAFE_NAME.test(model) && SAFE_NAME.test(version),
      );
      for (const [key, { digest }] of refusals) {
        if (!known.some((stored) => keyOf(stored) === key && stored.digest === digest)) refusals.delete(key);
      }
      await mkdir(folder, { recursive: true });
      await recordNumbers(known);
      const outdated: StoredVersion[] = [];
      for (const stored of known) if ((await isOutdated(stored)) && mayFetch(stored)) outdated.push(stored);
      const unknown = stores ? await findUnknown(known) : [];
      if (outdated.length + unknown.length === 0) return;
      await withCacheLock(folder, async () => {
        for (const stored of outdated) await follow(stored);
        for (const version of unknown) await storeVersion(version);
      });
    },
    refused: () => [...refusals.values()].map(({ model, version, kind, reason }) => ({ model, version, kind, reason })),
  };
}

/** Does some work while no other process changes the copies of versions in a models folder. */
export function withCacheLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  return withLock(join(folder, '.database.lock'), 'the copies of versions', work);
}

function attributesOf({ model, version }: Version) {
  return { [ATTRIBUTE.modelName]: model, [ATTRIBUTE.modelVersion]: version };
}
