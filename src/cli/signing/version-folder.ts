import { join } from 'node:path';
import type { VersionContent } from '../../artefacts/artefact.ts';
import { ArtefactError } from '../../artefacts/artefact-error.ts';
import { listVersions } from '../../artefacts/versions.ts';
import { requireReference, UsageError } from '../usage.ts';

/** A version that an argument of a command names. */
export interface NamedVersion {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
}

/**
 * Finds the version of a reference `NAME@VERSION`, or the latest one of `NAME`.
 *
 * @param models the models folder
 * @throws {UsageError} if the reference is missing or not valid, or the model has no version
 * @throws {ArtefactError} if the model has other versions only
 */
export async function findVersion(models: string, reference: string | undefined): Promise<NamedVersion> {
  const { name, version: given } = requireReference('model', reference);
  const versions = await listVersions(models, name);
  const version = given ?? versions.at(-1);
  if (version === undefined || versions.length === 0) {
    throw new UsageError(`--model is ${JSON.stringify(name)}, and ${models} holds no such model`);
  }
  const folder = join(models, name, version);
  if (versions.includes(version)) return { name, version, folder };
  throw new ArtefactError(folder, `there is no such version; there are: ${versions.join(', ')}`);
}

/**
 * Checks that the folder of a version has its name: a version that was renamed or copied is another one.
 *
 * @throws {ArtefactError} if its manifest has another name
 */
export function requireOwnName(
  { name, version, folder }: NamedVersion,
  { manifest }: Pick<VersionContent, 'manifest'>,
): void {
  if (manifest.name === name && manifest.version === version) return;
  throw new ArtefactError(folder, `its manifest calls it ${manifest.name}@${manifest.version}`);
}
