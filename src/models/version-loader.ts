import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { ArtefactError, readArtefact } from '../artefacts/artefact.ts';
import { SignatureError } from '../signing/bundle.ts';
import { fingerprintOfFolder } from '../signing/folder-files.ts';
import type { SignatureVerifier } from '../signing/verifier.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE, SCOPE, SPAN } from '../telemetry/names.ts';
import type { Model, RefusedVersion } from './store.ts';

/** The status of a stored version. */
export interface VersionStatus {
  /** The version as it was when its files were last intact, or `undefined` if they never were. */
  readonly model?: Model;
  /** The reason why the present files cannot be used. */
  readonly damage?: string;
  /** The kind of this reason. */
  readonly refusal?: RefusedVersion['kind'];
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
  /** Returns the checked versions whose files cannot be used. */
  refused(): readonly RefusedVersion[];
}

/**
 * Creates a loader for the versions in `folder` (`NAME/VERSION/`). A version that cannot be used is logged once for each
 * state of its files, and its last intact model stays. A version that was read again without a change stays the same
 * object.
 *
 * @param warmUp receives each new version before the caller does
 * @param verifier refuses versions without a signature that fits; without it no signature is needed
 */
export function createVersionLoader(
  folder: string,
  log: Log,
  warmUp: (model: Model) => void | Promise<void>,
  verifier?: SignatureVerifier,
): VersionLoader {
  const statuses = new Map<string, Map<string, VersionStatus>>();

  async function read(
    name: string,
    version: string,
    known: Model | undefined,
  ): Promise<Pick<VersionStatus, 'model' | 'damage' | 'refusal'>> {
    const attributes = { [ATTRIBUTE.modelName]: name, [ATTRIBUTE.modelVersion]: version };
    return trace.getTracer(SCOPE).startActiveSpan(SPAN.loadModel, { attributes }, async (span) => {
      try {
        const { manifest, classifier, signedBy } = await readArtefact(join(folder, name, version), verifier);
        if (manifest.name !== name || manifest.version !== version) {
          throw new Error(`its manifest calls it ${manifest.name}@${manifest.version}`);
        }
        span.setAttribute(ATTRIBUTE.modelBytes, manifest.weights.bytes);
        if (known && known.signedBy === signedBy && isDeepStrictEqual(known.manifest, manifest))
          return { model: known };
        const model: Model = { name, version, manifest, classifier, signedBy };
        await warmUp(model);
        log.info('model loaded', { ...attributes, [ATTRIBUTE.modelBytes]: manifest.weights.bytes });
        return { model };
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        log.error('model refused', { ...attributes, ...exceptionAttributes(error) });
        return {
          ...(known && { model: known }),
          damage: error instanceof ArtefactError ? error.reason : (error as Error).message,
          refusal: refusalOf(error as Error),
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
      const [manifest, weights, allFiles] = await Promise.all([
        fileState(join(folder, name, version, 'manifest.json')),
        fileState(join(folder, name, version, 'weights.bin')),
        // A signature is about all files, so an added one must be noticed too.
        verifier ? fingerprintOfFolder(join(folder, name, version)) : '',
      ]);
      const fingerprint = `${manifest.fingerprint},${weights.fingerprint},${allFiles}`;
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
    refused: () =>
      [...statuses].flatMap(([model, ofModel]) =>
        [...ofModel].flatMap(([version, { damage: reason, refusal: kind }]) =>
          reason === undefined || kind === undefined ? [] : { model, version, kind, reason },
        ),
      ),
  };
}

function refusalOf({ cause }: Error): RefusedVersion['kind'] {
  return cause instanceof SignatureError ? cause.kind : 'damaged';
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
