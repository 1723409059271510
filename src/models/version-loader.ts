import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { ArtefactError, readArtefact } from '../artefacts/artefact.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE, SCOPE, SPAN } from '../telemetry/names.ts';
import type { Model } from './store.ts';

/** What is known of a version after a look at its folder. */
export interface VersionStatus {
  /** As its files were when they were whole last; undefined where they never were. */
  readonly model?: Model;
  /** Why its files cannot be used as they are now. */
  readonly damage?: string;
  /** When its manifest was written, in milliseconds since the epoch. */
  readonly since: number;
  /** Changes when one of its files does. */
  readonly state: string;
}

export interface VersionLoader {
  /** Looks at a version's folder, and reads it where it is not as it was at the last look. */
  look(name: string, version: string): Promise<VersionStatus>;
  /** Lets the next look at any version of a model read it, changed or not. */
  distrust(name: string): void;
  /** Gives up what is held of a model's versions, but for those named. */
  keepOnly(name: string, versions: readonly string[]): void;
}

/**
 * Reads versions below `folder` (`NAME/VERSION/`), each once for each state of its files. What cannot be used is logged
 * once, and what was loaded before goes on; a version that is read again and has not changed is the same object.
 *
 * @param warmUp is given each version before anything else gets it
 */
export function createVersionLoader(
  folder: string,
  log: Log,
  warmUp: (model: Model) => void | Promise<void>,
): VersionLoader {
  const looks = new Map<string, Map<string, VersionStatus>>();

  async function read(
    name: string,
    version: string,
    known: Model | undefined,
  ): Promise<Omit<VersionStatus, 'state' | 'since'>> {
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
    async look(name, version) {
      const ofModel = looks.get(name) ?? new Map<string, VersionStatus>();
      looks.set(name, ofModel);
      const last = ofModel.get(version);
      // Taken before the files are read: what changes meanwhile is another state, and read again at the next look.
      const files = await Promise.all(
        ['manifest.json', 'weights.bin'].map((file) => stateOf(folder, name, version, file)),
      );
      const state = files.map((file) => file.state).join();
      if (last?.state === state) return last;
      const look = { ...(await read(name, version, last?.model)), state, since: files[0]!.since };
      ofModel.set(version, look);
      return look;
    },
    distrust(name) {
      for (const [version, look] of looks.get(name) ?? []) looks.get(name)!.set(version, { ...look, state: '' });
    },
    keepOnly(name, versions) {
      for (const version of [...(looks.get(name)?.keys() ?? [])]) {
        if (!versions.includes(version)) looks.get(name)!.delete(version);
      }
    },
  };
}

async function stateOf(...path: string[]): Promise<{ state: string; since: number }> {
  try {
    // A copy can keep a file's time of modification, but not that of its last change.
    const { ino, size, ctimeMs, mtimeMs } = await stat(join(...path));
    return { state: `${ino} ${size} ${ctimeMs}`, since: mtimeMs };
  } catch (error) {
    return { state: String((error as NodeJS.ErrnoException).code), since: 0 };
  }
}
