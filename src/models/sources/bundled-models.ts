import { access, constants, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { listVersions } from '../../artefacts/versions.ts';
import { atomicWriteFolder } from '../../platform/atomic-write.ts';
import { ConfigError } from '../../platform/config.ts';
import { listFolders } from '../../platform/list-folders.ts';
import { readRegularFile } from '../../platform/regular-file.ts';
import { encoderFolder, listEncoders, readEncoder, storeEncoder } from '../../runtimes/encoder-files.ts';
import type { Log } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../../telemetry/names.ts';

/** The maximum size of a copied file. */
const MAX_FILE_BYTES = 1024 ** 3;

/**
 * Copies the model versions of an image into the models folder, if the models folder lacks them. A volume that is mounted
 * as models folder hides the folder of the image. Without the copy it would keep the versions of the first image.
 *
 * A version of the same number with other content stays. A version that cannot be copied is a warning, because the service
 * can run on the versions that are there.
 *
 * @param bundledFolder the folder that contains `NAME/VERSION/` of the image
 * @throws {ConfigError} if `bundledFolder` cannot be read
 */
export async function copyBundledModels(bundledFolder: string, modelsFolder: string, log: Log): Promise<void> {
  const names = await listFolders(bundledFolder).catch(() => {
    throw new ConfigError(
      `BUNDLED_MODELS_DIR: ${JSON.stringify(bundledFolder)} cannot be read; allowed: a folder with models`,
    );
  });
  // The encoders come first, so that no version appears without its encoder.
  await copyEncoders(bundledFolder, modelsFolder).catch((error: unknown) => {
    log.warn('bundled model not copied', { [ATTRIBUTE.reason]: reasonOf(error) });
  });
  for (const name of names) {
    for (const version of await listVersions(bundledFolder, name)) {
      const [source, target] = [bundledFolder, modelsFolder].map((folder) => join(folder, name, version));
      const attributes = { [ATTRIBUTE.modelName]: name, [ATTRIBUTE.modelVersion]: version };
      try {
        if (await copyVersion(source!, target!)) log.info('bundled model copied', attributes);
        else if (!(await haveSameManifest(source!, target!))) {
          const reason = 'MODELS_DIR has another version of this number, which stays';
          log.warn('bundled model not copied', { ...attributes, [ATTRIBUTE.reason]: reason });
        }
      } catch (error) {
        log.warn('bundled model not copied', { ...attributes, [ATTRIBUTE.reason]: reasonOf(error) });
      }
    }
  }
}

async function copyEncoders(bundledFolder: string, modelsFolder: string): Promise<void> {
  for (const sha256 of await listEncoders(bundledFolder)) {
    await storeEncoder(modelsFolder, await readEncoder(encoderFolder(bundledFolder, sha256)));
  }
}

/** Returns the message of an error with its path. The message of a full disk has none. */
function reasonOf(error: unknown): string {
  const { message, path } = error as NodeJS.ErrnoException;
  return path === undefined || message.includes(path) ? message : `${message} (${path})`;
}

/** Copies the folder of a version. The copy appears complete or not at all. Returns false if there is a folder already. */
async function copyVersion(source: string, target: string): Promise<boolean> {
  if (await exists(target)) return false;
  await requireWritable(dirname(dirname(target)));
  try {
    await atomicWriteFolder(target, async (draft) => {
      for (const file of await readdir(source)) {
        await writeFile(join(draft, file), await readRegularFile(join(source, file), MAX_FILE_BYTES), { flush: true });
      }
    });
    return true;
  } catch (error) {
    // Another process that shares the folder has copied the version in the meantime.
    if (await exists(target)) return false;
    throw error;
  }
}

/** Throws if a folder cannot be written. In a read-only folder, `mkdir` of Node reports ENOENT, which would mislead. */
async function requireWritable(folder: string): Promise<void> {
  await access(folder, constants.W_OK).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

/**
 * Compares two versions by their manifests, which contain the SHA-256 of the weights. A measurement that one of them lacks
 * does not count as a difference: an image can have measured more of the same version.
 */
async function haveSameManifest(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all(
    [a, b].map((folder) => readRegularFile(join(folder, 'manifest.json'), MAX_FILE_BYTES).catch(() => {})),
  );
  if (one === undefined || other === undefined) return false;
  return one.equals(other) || isDeepStrictEqual(withoutPrivacy(one), withoutPrivacy(other));
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function withoutPrivacy(manifest: Buffer): unknown {
  try {
    const { privacy: _, ...rest } = JSON.parse(manifest.toString()) as Record<string, unknown>;
    return rest;
  } catch {
    return manifest;
  }
}
