import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import type { Classifier } from '../classifier/classifier.ts';
import { exceptionAttributes, type Log } from '../monitoring/log.ts';
import { ATTRIBUTE, SCOPE, SPAN } from '../monitoring/telemetry.ts';
import { readArtefact } from './artefact.ts';
import { type Manifest, safeName } from './manifest.ts';
import { listVersions } from './versions.ts';

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
  /** The version that answers for the model's bare name: the newest. */
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

/**
 * Loads every version of every model below `folder` (`NAME/VERSION/`). A version that cannot be used is logged
 * and left out: the others still serve.
 */
export async function loadModels(folder: string, log: Log): Promise<Models> {
  const models = new Map<string, ModelVersions>();
  for (const name of await folderNames(folder)) {
    const model = await loadModel(folder, name, log);
    if (model) models.set(name, model);
  }
  return models;
}

/** Loads every usable version of one model; undefined where there is none. */
export async function loadModel(folder: string, name: string, log: Log): Promise<ModelVersions | undefined> {
  const versions: Model[] = [];
  for (const version of (await listVersions(folder, name)).reverse()) {
    const model = await loadVersion(join(folder, name, version), name, version, log);
    if (model) versions.push(model);
  }
  const [active] = versions;
  return active && { name, active, versions };
}

/** Every version that has a folder, whether it is loaded or not, by model; newest first. */
export async function listStored(folder: string): Promise<Map<string, string[]>> {
  const stored = new Map<string, string[]>();
  for (const name of await folderNames(folder)) stored.set(name, (await listVersions(folder, name)).reverse());
  return stored;
}

async function loadVersion(folder: string, name: string, version: string, log: Log): Promise<Model | undefined> {
  const attributes = { [ATTRIBUTE.modelName]: name, [ATTRIBUTE.modelVersion]: version };
  return trace.getTracer(SCOPE).startActiveSpan(SPAN.loadModel, { attributes }, async (span) => {
    try {
      const { manifest, classifier } = await readArtefact(folder);
      if (manifest.name !== name || manifest.version !== version) {
        throw new Error(`its manifest calls it ${manifest.name}@${manifest.version}`);
      }
      span.setAttribute(ATTRIBUTE.modelBytes, manifest.weights.bytes);
      log.info('model loaded', { ...attributes, [ATTRIBUTE.modelBytes]: manifest.weights.bytes });
      return { name, version, manifest, classifier };
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      log.error('model refused', { ...attributes, ...exceptionAttributes(error) });
      return undefined;
    } finally {
      span.end();
    }
  });
}

async function folderNames(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory() && safeName.test(entry.name)).map((entry) => entry.name);
}
