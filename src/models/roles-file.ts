import { join } from 'node:path';
import { atomicWrite } from '../platform/atomic-write.ts';
import { Problem } from '../platform/problems.ts';
import { readRegularFile } from '../platform/regular-file.ts';
import type { SharedState } from '../postgres/shared-state.ts';
import { appendChange, latestRevision, readChanges } from './audit.ts';
import { parseChange, parseRoles, type Roles, withFormerNames } from './roles.ts';

/** The content of a model's roles file, or its absence. */
export type RolesFile =
  | { readonly kind: 'none' }
  | { readonly kind: 'roles'; readonly roles: Roles; readonly text: string }
  | { readonly kind: 'damaged'; readonly reason: string; readonly text: string };

const FILE_NAME = 'roles.json';

/** The maximum size of the file. Roles with all their former versions have a hundredth of it. */
const MAX_BYTES = 1024 * 1024;

/** Reads `roles.json` from a model's folder. A file that cannot be used is reported as damaged. */
export async function readRoles(folder: string): Promise<RolesFile> {
  let text: string;
  try {
    text = (await readRegularFile(join(folder, FILE_NAME), MAX_BYTES)).toString();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'none' };
    return { kind: 'damaged', reason: `${FILE_NAME} cannot be read: ${message}`, text: '' };
  }
  try {
    return { kind: 'roles', roles: parseRoles(text), text };
  } catch (error) {
    return { kind: 'damaged', reason: `${FILE_NAME} is damaged: ${(error as Error).message}`, text };
  }
}

/**
 * Writes `roles.json` atomically into a model's folder. The caller must hold the lock of the model.
 *
 * @param onUnsynced receives the error if the roles are in effect, and a crash of the machine may lose them
 */
async function writeRoles(folder: string, roles: Roles, onUnsynced: (error: unknown) => void): Promise<RolesFile> {
  const text = textOf(roles);
  const file = join(folder, FILE_NAME);
  // All drafts have one name: only the holder of the lock writes, and its draft replaces one that a crash left.
  await atomicWrite(file, text, { draft: `${file}.tmp`, onUnsynced });
  return { kind: 'roles', roles, text };
}

function textOf(roles: Roles): string {
  const change = roles.change && withFormerNames(roles.change);
  return `${JSON.stringify({ ...roles, change }, null, 2)}\n`;
}

function parseShared(text: string | undefined): KnownRoles {
  return text === undefined ? undefined : { kind: 'roles', roles: parseRoles(text), text };
}

/** The roles of a model in its folder, and in the database that replicas share, if there is one. */
export interface RolesSource {
  /**
   * Reads the roles. Those of the database are decisive, unless the file has a higher revision, or the database is away.
   *
   * @param all the roles of all models in the database, if they are read already
   */
  read(all?: SharedRoles): Promise<RolesFile>;
  /**
   * Writes changed roles. The caller holds the lock of the model.
   *
   * @param onUnsynced receives an error of the disk, after the roles have taken effect
   * @throws {RolesConflictError} if another replica has changed the roles since they were read
   * @throws {Problem} if the database is away
   */
  write(roles: Roles, onUnsynced: (error: unknown) => void): Promise<RolesFile>;
  /**
   * Copies roles of the database, with the changes up to them, into the folder, which is read while the database is away.
   * A copy that fails is made later.
   *
   * @param isLocked true if the caller holds the lock of the model
   */
  copy(roles: RolesFile, isLocked?: boolean): Promise<void>;
}

/** The contents of the roles of all models in the database, by the names of their documents. */
export type SharedRoles = ReadonlyMap<string, string>;

type KnownRoles = Extract<RolesFile, { kind: 'roles' }> | undefined;

const DOCUMENTS = 'roles of ';

/** Reads the roles of all models with one query. Returns undefined without a database, or if it is away. */
export function readAllRoles(shared: SharedState | undefined): Promise<SharedRoles | undefined> {
  return shared?.readDocuments(DOCUMENTS).catch(() => undefined) ?? Promise.resolve(undefined);
}

/** Another replica has changed the roles in the meantime. */
class RolesConflictError extends Error {
  override name = 'RolesConflictError';
}

const MAX_ATTEMPTS = 10;

/** Does a change again from the present roles if another replica was faster. */
export async function retryConflicts<T>(change: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await change();
    } catch (error) {
      if (!(error instanceof RolesConflictError) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/**
 * Returns the roles of the model `name`.
 *
 * @param withLock does some work under the lock of the model
 */
export function createRolesSource(
  name: string,
  folder: string,
  shared: SharedState | undefined,
  withLock: <T>(work: () => Promise<T>) => Promise<T>,
): RolesSource {
  if (!shared) {
    return {
      read: () => readRoles(folder),
      write: (roles, onUnsynced) => writeRoles(folder, roles, onUnsynced),
      copy: async () => {},
    };
  }
  const { readDocument, replaceDocument, changesAfter } = shared;
  const document = `${DOCUMENTS}${name}`;
  /** The content of the file that is known to be the one of the database. */
  let copied = '';
  let known: KnownRoles;

  const push = (roles: Roles) =>
    replaceDocument(
      document,
      roles.revision,
      textOf(roles),
      JSON.stringify(roles.change && withFormerNames(roles.change)),
    );

  /** Returns the roles in the database, or those that it had last if it is away. */
  async function readShared(all: SharedRoles | undefined): Promise<KnownRoles> {
    try {
      let read = parseShared(all ? all.get(document) : await readDocument(document));
      // This process may have changed the roles since those of all models were read.
      const isOlder = (read?.roles.revision ?? 0) < (known?.roles.revision ?? 0);
      if (all && isOlder) read = parseShared(await readDocument(document));
      known = read;
    } catch {
      // The roles stay as they are.
    }
    return known;
  }

  async function copyLocked({ roles, text }: NonNullable<KnownRoles>): Promise<void> {
    const present = await readRoles(folder);
    const revision = present.kind === 'roles' ? present.roles.revision : 0;
    if (revision <= roles.revision && !(present.kind === 'roles' && present.text === text)) {
      for (const line of await changesAfter(document, latestRevision(await readChanges(folder)))) {
        const change = parseChange(line);
        if (change && change.revision <= roles.revision) await appendChange(folder, change);
      }
      await writeRoles(folder, roles, () => {});
    }
    copied = text;
  }

  return {
    async read(all) {
      const [file, latest] = [await readRoles(folder), await readShared(all)];
      const revision = file.kind === 'roles' ? file.roles.revision : 0;
      if (latest && latest.roles.revision >= revision) return latest;
      // The file was changed by a command, or before there was a database.
      if (file.kind === 'roles' && revision > 0) await push(file.roles).catch(() => false);
      return file;
    },
    async write(roles, onUnsynced) {
      const isReplaced = await push(roles).catch((cause: unknown) => {
        const detail = 'The database of the roles cannot be used now; the roles stay as they are.';
        throw Object.assign(new Problem('storage-unavailable', detail, { 'retry-after': '5' }), { cause });
      });
      if (!isReplaced) throw new RolesConflictError(`the roles of ${name} have changed`);
      const written: KnownRoles = { kind: 'roles', roles, text: textOf(roles) };
      known = written;
      // All replicas follow the database, also if the disk of this one is full.
      await writeRoles(folder, roles, onUnsynced).catch(onUnsynced);
      return written;
    },
    async copy(file, isLocked = false) {
      if (file.kind !== 'roles' || file.text === copied) return;
      // This process may only read the folder, its disk may be full, or the database may be away.
      await (isLocked ? copyLocked(file) : withLock(() => copyLocked(file))).catch(() => {});
    },
  };
}
