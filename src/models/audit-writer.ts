import { join } from 'node:path';
import { syncFolder } from '../platform/atomic-write.ts';
import { LockNotWritableError, withLock } from '../platform/file-lock.ts';
import { Problem } from '../platform/problems.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../telemetry/names.ts';
import { appendChange, appendDetectedChange, latestRevision, readChanges } from './audit.ts';
import type { RecordedChange } from './roles.ts';
import { type RolesFile, readRoles } from './roles-file.ts';

/** Writes the audit trail of a model. A row that cannot be written is logged, and is written later. */
export interface AuditWriter {
  /** Runs work under the lock of the model's roles. */
  withRolesLock<T>(work: () => Promise<T>): Promise<T>;
  /** Appends the last change of the roles file if its writer died, or failed, before it could do so. */
  complete(file: RolesFile): Promise<void>;
  /**
   * Appends a detected change, unless another process has set roles since `file` was read: their change is in the trail.
   */
  appendDetected(file: RolesFile, change: RecordedChange): Promise<void>;
  /** Appends a change that has taken effect. The caller holds the lock. */
  append(change: RecordedChange): Promise<void>;
  /** Records that roles are in effect and a crash of the machine may lose them. `complete` writes them to the disk. */
  reportUnsynced(error: unknown): void;
}

/** Creates the writer of the audit trail in the folder of the model `name`. */
export function createAuditWriter(name: string, modelFolder: string, log: Log): AuditWriter {
  const lock = join(modelFolder, 'roles.lock');
  const withRolesLock = <T>(work: () => Promise<T>) => withLock(lock, `the roles of the model ${name}`, work);
  /** The content of the roles file at the last successful check of the audit trail. */
  let auditedText: string | undefined;
  /** True if a change of roles is in effect, and a crash of the machine may lose the change. */
  let isUnsynced = false;

  /** Writes to the audit trail under the lock. Returns false if the write must be tried again. */
  async function write(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await withRolesLock(work);
      return true;
    } catch (error) {
      // This process can only read the folder: another one writes the trail.
      if (isReadOnly(error)) return true;
      logError(error);
      return false;
    }
  }

  function logError(error: unknown): void {
    log.error('audit trail not written', { [ATTRIBUTE.modelName]: name, ...exceptionAttributes(error) });
  }

  function reportUnsynced(error: unknown): void {
    isUnsynced = true;
    log.error('roles not on disk', { [ATTRIBUTE.modelName]: name, ...exceptionAttributes(error) });
  }

  return {
    withRolesLock,
    reportUnsynced,
    async complete(file) {
      if (isUnsynced) {
        isUnsynced = false;
        await syncFolder(modelFolder).catch(reportUnsynced);
      }
      if (file.kind !== 'roles' || file.text === auditedText) return;
      const { change } = file.roles;
      const isMissing = change !== null && latestRevision(await readChanges(modelFolder)) < change.revision;
      if (!isMissing || (await write(() => appendChange(modelFolder, change)))) auditedText = file.text;
    },
    async appendDetected(file, change) {
      await write(async () => {
        if (file.kind === 'none' && (await readRoles(modelFolder)).kind !== 'none') return;
        await appendDetectedChange(modelFolder, change);
      });
    },
    async append(change) {
      auditedText = undefined;
      // The change has taken effect. If the append fails, the next refresh appends the row.
      await appendChange(modelFolder, change).catch(logError);
    },
  };
}

/** Returns the problem of a change in a folder that this process cannot write. */
export function readOnlyProblem(name: string): Problem {
  return new Problem(
    'models-read-only',
    `This process cannot write to the folder of the model ${name}: its roles stay as they are.`,
  );
}

/** Returns whether an error says that this process cannot write into the folder of a model. */
export function isReadOnly(error: unknown): boolean {
  if (error instanceof LockNotWritableError) return true;
  return ['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '');
}
