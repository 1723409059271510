import { readdir } from 'node:fs/promises';
import type { Manifest } from '../artefacts/manifest.ts';
import { listVersions } from '../artefacts/versions.ts';
import type { Classifier } from '../classifier/scoring/classifier.ts';
import { SAFE_NAME } from '../platform/safe-names.ts';

export interface Model {
  readonly name: string;
  readonly version: string;
  readonly manifest: Manifest;
  readonly classifier: Classifier;
}

/** A version on trial. */
export interface Canary {
  readonly model: Model;
  readonly share: number;
}

/** All versions of one model that could be loaded. */
export interface ModelVersions {
  readonly name: string;
  /** The version that answers for the model's bare name. */
  readonly active: Model;
  /** The version that scores beside the active one and answers nobody. */
  readonly shadow?: Model;
  /** The version that answers a share (0 to 1) of the requests for the bare name. */
  readonly canary?: Canary;
  /** Newest first. */
  readonly versions: readonly Model[];
}

/** The loaded models by name. */
export type Models = ReadonlyMap<string, ModelVersions>;

/** The model that `NAME` or `NAME@VERSION` stands for. */
export function findModel(models: Models, reference: string): Model | undefined {
  const model = models.get(reference);
  if (model) return model.active;
  const at = reference.indexOf('@');
  if (at === -1) return undefined;
  const version = reference.slice(at + 1);
  return models.get(reference.slice(0, at))?.versions.find((candidate) => candidate.version === version);
}

/** Every version that has a folder, whether it is loaded or not, by model; newest first. */
export async function listStoredVersions(folder: string): Promise<Map<string, string[]>> {
  const stored = new Map<string, string[]>();
  for (const name of await listModelFolders(folder)) stored.set(name, (await listVersions(folder, name)).reverse());
  return stored;
}

/** The models that have a folder. */
export async function listModelFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory() && SAFE_NAME.test(entry.name)).map((entry) => entry.name);
}
