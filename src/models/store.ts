import type { Manifest } from '../artefacts/manifest.ts';
import { listVersions } from '../artefacts/versions.ts';
import type { Classifier } from '../classifier/scoring/classifier.ts';
import { listFolders } from '../platform/list-folders.ts';

/** A loaded version of a model. */
export interface Model {
  readonly name: string;
  readonly version: string;
  readonly manifest: Manifest;
  readonly classifier: Classifier;
  /** Names the key or the certificate that signed the version; `undefined` if no signature was verified. */
  readonly signedBy?: string | undefined;
}

/** A stored version whose files cannot be used. A version of the same name from before can still be in memory. */
export interface RefusedVersion {
  readonly model: string;
  readonly version: string;
  /** `unsigned`: a signature is needed and missing. `signature`: it does not fit. `damaged`: any other reason. */
  readonly kind: 'unsigned' | 'signature' | 'damaged';
  /** Completes "the version cannot be used: ". */
  readonly reason: string;
}

/** A version that answers a share of the requests. */
export interface Canary {
  readonly model: Model;
  /** From 0 to 1. */
  readonly share: number;
}

/** The loaded versions of one model, and their roles. */
export interface ModelVersions {
  readonly name: string;
  /** The version that answers requests for the name of the model. */
  readonly active: Model;
  /** The version that scores the same texts as the active one, and answers no request. */
  readonly shadow?: Model;
  /** The version that answers a share of the requests for the name of the model. */
  readonly canary?: Canary;
  /** Newest first. */
  readonly versions: readonly Model[];
}

/** The loaded models by name. */
export type Models = ReadonlyMap<string, ModelVersions>;

/** Returns the version of the reference `NAME@VERSION`, or the active version for `NAME`. */
export function findModel(models: Models, reference: string): Model | undefined {
  const model = models.get(reference);
  if (model) return model.active;
  const at = reference.indexOf('@');
  if (at === -1) return undefined;
  const version = reference.slice(at + 1);
  return models.get(reference.slice(0, at))?.versions.find((candidate) => candidate.version === version);
}

/** Lists the versions that have a folder, loaded or not, by model; newest first. */
export async function listStoredVersions(folder: string): Promise<Map<string, string[]>> {
  const stored = new Map<string, string[]>();
  for (const name of await listModelFolders(folder)) stored.set(name, (await listVersions(folder, name)).reverse());
  return stored;
}

/** Lists the names of the models that have a folder or a link to one. */
export async function listModelFolders(folder: string): Promise<string[]> {
  return listFolders(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
