import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprintOfFolder } from '../signing/folder-files.ts';

/** The present state of the files of a version, without their content. */
export interface VersionState {
  /** Changes when one of the files changes. */
  readonly fingerprint: string;
  /** The time when the manifest was written, in milliseconds since the epoch. */
  readonly writtenAt: number;
}

/**
 * Returns the state of the files in the folder of a version.
 *
 * @param withAllFiles whether other files than manifest and weights count: a signature is about all files
 */
export async function readVersionState(folder: string, withAllFiles: boolean): Promise<VersionState> {
  const [manifest, weights, allFiles] = await Promise.all([
    fileState(join(folder, 'manifest.json')),
    fileState(join(folder, 'weights.bin')),
    withAllFiles ? fingerprintOfFolder(folder) : '',
  ]);
  return { fingerprint: `${manifest.fingerprint},${weights.fingerprint},${allFiles}`, writtenAt: manifest.writtenAt };
}

async function fileState(path: string): Promise<VersionState> {
  try {
    // A copy can keep the time of modification (mtime) of a file, but not the time of its last change (ctime).
    const { ino, size, ctimeMs, mtimeMs } = await stat(path);
    return { fingerprint: `${ino} ${size} ${ctimeMs}`, writtenAt: mtimeMs };
  } catch (error) {
    return { fingerprint: String((error as NodeJS.ErrnoException).code), writtenAt: 0 };
  }
}
