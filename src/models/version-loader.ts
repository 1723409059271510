import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { ArtefactError, readArtefact } from '../artefacts/artefact.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE, SCOPE, SPAN } from '../telemetry/names.ts';
import type { Model } from './store.ts';

/** The status of a stored version. */
export interface VersionStatus {
  /** The version as it was when its files were last intact, or `undefined` if they never were. */
  readonly model?: Model;
  /** The reason why the present files cannot be used. */
  readonly damage?: string;
  /** The time when the manifest was written, in milliseconds since the epoch. */
  readonly writtenAt: number;
  /** Identifies the present state of the files. It changes when one of the files changes. */
  readonly fingerprint: string;
}

/** Reads versions from the models folder, and caches them. */
export interface VersionLoader {
  /** Returns the status of a version. Reads its files only if they changed since the last call. */
  check(name: string, version: string): Promise<VersionStatus>;
  /** Makes the next check of each version of a model read the files, changed or not. */
  invalidate(name: string): void;
  /** Forgets the versions of a model that are not listed. */
  retain(name: string, versions: readonly string[]): void;
}

/**
 * Creates a loader for the versions in `folder` (`NAME/VERSION/`). A version that cannot be used is logged once for each
 * state of its files, and its last intact model stays. A version that was read again without a change stays the same
 * object.
 *
 * @param warmUp receives each new version before the caller does
 */
export function createVersionLoader(
  folder: string,
  log: Log,
  warmUp: (model: Model) => void | Promise<void>,
): VersionLoader {
  const statuses = new Map<string, Map<string, VersionStatus>>();

  async function read(
    name: string,
    version: string,
    known: Model | undefined,
  ): Promise<Pick<VersionStatus, 'model' | 'damage'>> {
    const attributes = { [ATTRIBUTE.modelName]: name, [ATTRIBUTE.modelVersion]: version };
    return trace.getTracer(SCOPE).startActiveSpan(SPAN.loadModel, { attributes }, async (span) => {
      try {
        const { manifest, classifier } = await readArtefact(join(folder, name, version));
        if (manifest.name !== name || manifest.version !== version) {
          throw new Error(`its manifest calls it ${manifest.name}@${manifest.version}`);
        }
        span.setAttribute(ATTRIBUTE.modelBytes, manifest.weights.bytes);
        if (known && isDeepStrictEqual(known.manifest, manifest)) return { model: known };
        const model: Model = { name, version, manifest, classifier };
        await warmUp(model);
        log.info('model loaded', { ...attributes, [ATTRIBUTE.modelBytes]: manifest.weights.bytes });
        return { model };
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        log.error('model refused', { ...attributes, ...exceptionAttributes(error) });
        return {
          ...(known && { model: known }),
          damage: error instanceof ArtefactError ? error.reason : (error as Error).message,
        };
      } finally {
        span.end();
      }
    });
  }

  return {
    async check(name, version) {
      const ofModel = statuses.get(name) ?? new Map<string, VersionStatus>();
      statuses.set(name, ofModel);
      const last = ofModel.get(version);
      // The fingerprint is taken before the files are read: the next check reads files that change in the meantime.
      const [manifest, weights] = await Promise.all([
        fileState(join(folder, name, version, 'manifest.json')),
        fileState(join(folder, name, version, 'weights.bin')),
      ]);
      const fingerprint = `${manifest.fingerprint},${weights.fingerprint}`;
      if (last?.fingerprint === fingerprint) return last;
      const status = { ...(await read(name, version, last?.model)), fingerprint, writtenAt: manifest.writtenAt };
      ofModel.set(version, status);
      return status;
    },
    invalidate(name) {
      const ofModel = statuses.get(name);
      for (const [version, status] of ofModel ?? []) ofModel!.set(version, { ...status, fingerprint: '' });
    },
    retain(name, versions) {
      for (const version of [...(statuses.get(name)?.keys() ?? [])]) {
        if (!versions.includes(version)) statuses.get(name)!.delete(version);
      }
    },
  };
}

async function fileState(path: string): Promise<{ fingerprint: string; writtenAt: number }> {
  try {
    // A copy can keep the time of modification (mtime) of a file, but not the time of its last change (ctime).
    const { ino, size, ctimeMs, mtimeMs } = await stat(path);
    return { fingerprint: `${ino} ${size} ${ctimeMs}`, writtenAt: mtimeMs };
  } catch (error) {
    return { fingerprint: String((error as NodeJS.ErrnoException).code), writtenAt: 0 };
  }
}
