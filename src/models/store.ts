import { isDeepStrictEqual } from 'node:util';
import type { Description } from '../artefacts/artefact.ts';
import { ArtefactError } from '../artefacts/artefact-error.ts';
import type { Manifest } from '../artefacts/manifest.ts';
import { listVersions } from '../artefacts/versions.ts';
import { listFolders } from '../platform/list-folders.ts';
import { Problem } from '../platform/problems.ts';
import type { ModelClassifier } from '../runtimes/runtime.ts';

/** A stored version of a model. Its classifier is not in memory, or is in memory for a while only. */
export interface ModelVersion {
  readonly name: string;
  readonly version: string;
  readonly manifest: Manifest;
  /** Names the key or the certificate that signed the version; `undefined` if no signature was verified. */
  readonly signedBy?: string | undefined;
}

/** A version of a model in memory. */
export interface Model extends ModelVersion {
  readonly classifier: ModelClassifier;
}

/** A version that answers a share of the requests. */
export interface Canary<V extends ModelVersion = Model> {
  readonly model: V;
  /** From 0 to 1. */
  readonly share: number;
}

/** The limits of a policy on the texts of a shadow. */
export interface ShadowBudget {
  /** The share of the texts, from 0 to 1. */
  readonly share: number;
  /** The cost of an hour in each process, in the currency of the shadow's prices. */
  readonly costPerHour?: number | undefined;
}

/** The versions of one model that can be used, and their roles. */
export interface ModelVersions<V extends ModelVersion = Model> {
  readonly name: string;
  /** The version that answers requests for the name of the model. */
  readonly active: V;
  /** The version that scores the same texts as the active one, and answers no request. */
  readonly shadow?: V;
  /** The version that answers a share of the requests for the name of the model. */
  readonly canary?: Canary<V>;
  /** The policy's `minConfidence`: an answer with a lower confidence is marked as abstained. */
  readonly minConfidence?: number;
  /** The policy's `shadow`. */
  readonly shadowBudget?: ShadowBudget;
  /** All versions, newest first. Those without a role are loaded when a request names them. */
  readonly versions: readonly ModelVersion[];
}

/** The loaded models by name. */
export type Models = ReadonlyMap<string, ModelVersions>;

/**
 * Receives the versions to serve whenever they change.
 *
 * @param changedAt the time of the last change of roles, in milliseconds since the epoch
 */
export type OnSwap = (versions: ModelVersions, changedAt: number) => void;

/** Returns the version of the reference `NAME@VERSION`, or the active version for `NAME`. */
export function findModel(models: Models, reference: string): ModelVersion | undefined {
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

/** Returns whether two readings of a version are the same. */
export function isSame(a: Description, b: Description): boolean {
  return a.signedBy === b.signedBy && isDeepStrictEqual(a.manifest, b.manifest);
}

/** @throws {Error} if a manifest is that of another version */
export function requireIdentity(manifest: Manifest, { name, version }: Pick<ModelVersion, 'name' | 'version'>): void {
  if (manifest.name === name && manifest.version === version) return;
  throw new Error(`its manifest calls it ${manifest.name}@${manifest.version}`);
}

/** Returns `undefined` for a damaged version. @throws {Problem} 503 if the version may be intact, and could not be read now */
export function asProblem(error: unknown): undefined {
  if (!(error instanceof ArtefactError) || !error.isTransient) return undefined;
  throw new Problem('storage-unavailable', 'The version could not be read now; MODELS_DIR does not respond.', {
    'retry-after': '1',
  });
}

/** Returns the problem of a request for a model that is not there, with the names of those that are. */
export function modelNotFound(state: 'loaded' | 'stored', names: Iterable<string>): Problem {
  return new Problem('model-not-found', `No such model is ${state}; there are: ${[...names].join(', ')}.`);
}
