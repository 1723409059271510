import { join } from 'node:path';
import { SpanStatusCode, trace } from '@opentelemetry/api';
import { readDescription, verifyWeights } from '../artefacts/artefact.ts';
import { ArtefactError, type RefusedVersion, refusalOf } from '../artefacts/artefact-error.ts';
import { readVersionState, type VersionState } from '../artefacts/version-state.ts';
import { createEngines, type Engines } from '../runtimes/onnx/engines.ts';
import { type OpenVersion, openVersion } from '../runtimes/open-version.ts';
import type { Remotes } from '../runtimes/remote/remotes.ts';
import { closeClassifier } from '../runtimes/runtime.ts';
import type { SignatureVerifier } from '../signing/verifier.ts';
import { exceptionAttributes, type Log } from '../telemetry/logs/log.ts';
import { ATTRIBUTE, SCOPE, SPAN } from '../telemetry/names.ts';
import { isSame, type Model, type ModelVersion, requireIdentity } from './store.ts';
import { createVersionMemory, type MemoryLimits, type VersionReference } from './version-memory.ts';

/** The status of a stored version. */
export interface VersionStatus extends VersionState {
  /** The version as it was when its files were last intact, or `undefined` if they never were. */
  readonly stored?: ModelVersion;
  /** The reason why the present files cannot be used. */
  readonly damage?: string;
  /** The kind of this reason. */
  readonly refusal?: RefusedVersion['kind'];
  /** True if the content of the weights file was compared with the manifest. */
  readonly isVerified: boolean;
}

/** Options of `createVersionLoader`. */
export interface LoaderOptions {
  /** The engines of encoders. By default they run on packages that are installed beside Waymark. */
  readonly engines?: Engines;
  /** The endpoints that may get texts. By default none may. */
  readonly remotes?: Remotes | undefined;
  /** Refuses versions without a signature that fits; without it no signature is needed. */
  readonly verifier?: SignatureVerifier | undefined;
  /** The limits on versions without a role in memory. */
  readonly memoryLimits?: MemoryLimits | undefined;
}

/** Reads versions from the models folder. Keeps their manifests, and those that are used in memory. */
export interface VersionLoader {
  /** Returns the status of a version. Reads its files only if they changed since the last call. */
  check(name: string, version: string): Promise<VersionStatus>;
  /** Returns whether a version can be used: its files are intact, or it is in memory as it was when they were. */
  isUsable(status: VersionStatus): boolean;
  /** Returns whether a version is in memory. */
  isLoaded(version: VersionReference): boolean;
  /** Returns whether the present files of a version cannot be used. */
  isRefused(version: VersionReference): boolean;
  /**
   * Returns a version in memory, and loads it before if necessary. One load serves all callers at the same time.
   *
   * @throws {ArtefactError} if the version cannot be read
   */
  load(version: ModelVersion): Promise<Model>;
  /**
   * Returns a version that a request names: at once if it is in memory. Otherwise it is loaded after all earlier requests
   * for other versions, so that many versions are never loaded at the same time.
   *
   * @throws {ArtefactError} if the version cannot be read
   */
  use(version: ModelVersion): Model | Promise<Model>;
  /** Sets the versions of a model that have a role. They stay in memory. */
  pin(name: string, models: readonly Model[]): void;
  /** Removes versions without a role from memory that no request has named for a while. */
  removeIdle(): void;
  /** Compares the weights of versions with their manifests: of all models, or of one. Logs and refuses damaged ones. */
  verify(name?: string, isCancelled?: () => boolean): Promise<void>;
  /** Makes the next check of each version of a model read the files, changed or not. */
  invalidate(name: string): void;
  /** Forgets the versions of a model that are not listed. */
  retain(name: string, versions: readonly string[]): void;
  /** Returns the checked versions whose files cannot be used. */
  refused(): readonly RefusedVersion[];
}

/**
 * Creates a loader for the versions in `folder` (`NAME/VERSION/`). A version that cannot be used is logged once for each
 * state of its files. In memory its last intact state stays. A version that was read again without a change stays the same
 * object.
 *
 * @param warmUp receives each loaded version before the caller does
 */
export function createVersionLoader(
  folder: string,
  log: Log,
  warmUp: (model: Model) => void | Promise<void>,
  { engines = createEngines(), remotes, verifier, memoryLimits }: LoaderOptions = {},
): VersionLoader {
  const statuses = new Map<string, Map<string, VersionStatus>>();
  const memory = createVersionMemory((version) => log.info('model left memory', attributesOf(version)), memoryLimits);
  const loading = new Map<string, Promise<Model>>();
  const requested = new Map<string, Promise<Model>>();
  let lastRequested: Promise<unknown> = Promise.resolve();

  const pathOf = ({ name, version }: VersionReference) => join(folder, name, version);

  /** Reads all files of a version, and puts it into memory. */
  async function readModel({ name, version }: VersionReference): Promise<Model> {
    const attributes = attributesOf({ name, version });
    return trace.getTracer(SCOPE).startActiveSpan(SPAN.loadModel, { attributes }, async (span) => {
      let opened: OpenVersion | undefined;
      try {
        opened = await openVersion(pathOf({ name, version }), { verifier, engines, remotes });
        const { manifest, classifier, signedBy } = opened;
        requireIdentity(manifest, { name, version });
        span.setAttribute(ATTRIBUTE.modelBytes, manifest.weights.bytes);
        const known = memory.use({ name, version });
        if (known && isSame(known, { manifest, signedBy })) {
          closeClassifier(classifier);
          return known;
        }
        const model: Model = { name, version, manifest, classifier, signedBy };
        await warmUp(model);
        memory.put(model);
        log.info('model loaded', { ...attributes, [ATTRIBUTE.modelBytes]: manifest.weights.bytes });
        return model;
      } catch (error) {
        if (opened) closeClassifier(opened.classifier);
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
  }

  /** Reads a changed version: all files if it is in memory, otherwise its manifest. */
  async function readVersion(reference: VersionReference, known: ModelVersion | undefined): Promise<ModelVersion> {
    const isLoaded = memory.has(reference);
    const { manifest, signedBy } = isLoaded
      ? await readModel(reference)
      : await readDescription(pathOf(reference), verifier);
    requireIdentity(manifest, reference);
    return known && isSame(known, { manifest, signedBy }) ? known : { ...reference, manifest, signedBy };
  }

  /** Logs the reason why a version cannot be used, and returns it. */
  function refuse(version: VersionReference, error: unknown): Pick<VersionStatus, 'damage' | 'refusal'> {
    log.error('model refused', { ...attributesOf(version), ...exceptionAttributes(error) });
    const damage = error instanceof ArtefactError ? error.reason : (error as Error).message;
    return { damage, refusal: refusalOf(error) };
  }

  /** Marks a version as damaged, unless its files may be intact. */
  function recordDamage(version: VersionReference, error: unknown): void {
    const status = statuses.get(version.name)?.get(version.version);
    if (status?.damage !== undefined) return;
    const refusal = refuse(version, error);
    if (!status || (error instanceof ArtefactError && error.isTransient)) return;
    statuses.get(version.name)!.set(version.version, { ...status, ...refusal });
  }

  /** Loads a version once for all callers at the same time. */
  function load(version: VersionReference): Promise<Model> {
    const model = memory.use(version);
    if (model) return Promise.resolve(model);
    return shared(loading, version, () =>
      readModel(version).catch((error: unknown) => {
        recordDamage(version, error);
        throw error;
      }),
    );
  }

  function loadInTurn(version: VersionReference): Promise<Model> {
    const model = lastRequested.then(() => load(version));
    lastRequested = model.catch(() => {});
    return model;
  }

  return {
    async check(name, version) {
      const ofModel = statuses.get(name) ?? new Map<string, VersionStatus>();
      statuses.set(name, ofModel);
      // The fingerprint is taken before the files are read: the next check reads files that change in the meantime.
      const present = await readVersionState(pathOf({ name, version }), verifier !== undefined);
      const last = ofModel.get(version);
      if (last?.fingerprint === present.fingerprint) return last;
      const state = { ...present, isVerified: false };
      const known = last?.stored;
      const status: VersionStatus = await readVersion({ name, version }, known).then(
        (stored) => ({ ...state, stored }),
        (error: unknown) => ({ ...state, ...(known && { stored: known }), ...refuse({ name, version }, error) }),
      );
      ofModel.set(version, status);
      return status;
    },
    isUsable: ({ stored, damage }) => stored !== undefined && (damage === undefined || memory.has(stored)),
    isLoaded: (version) => memory.has(version),
    isRefused: ({ name, version }) => statuses.get(name)?.get(version)?.damage !== undefined,
    load,
    use: (version) => memory.use(version) ?? shared(requested, version, () => loadInTurn(version)),
    pin: (name, models) => memory.pin(name, models),
    removeIdle: () => memory.removeIdle(),
    async verify(name, isCancelled = () => false) {
      const models =
        name === undefined ? [...statuses.values()] : [statuses.get(name) ?? new Map<string, VersionStatus>()];
      for (const [version, status] of models.flatMap((ofModel) => [...ofModel])) {
        const { stored, damage, isVerified } = status;
        if (isCancelled()) return;
        if (!stored || damage !== undefined || isVerified || memory.has(stored)) continue;
        const ofModel = statuses.get(stored.name);
        await verifyWeights(pathOf(stored), stored).then(
          () => ofModel?.get(version) === status && ofModel.set(version, { ...status, isVerified: true }),
          (error: unknown) => ofModel?.get(version) === status && recordDamage(stored, error),
        );
      }
    },
    invalidate(name) {
      const ofModel = statuses.get(name);
      for (const [version, status] of ofModel ?? []) ofModel!.set(version, { ...status, fingerprint: '' });
    },
    retain(name, versions) {
      for (const version of [...(statuses.get(name)?.keys() ?? [])]) {
        if (!versions.includes(version)) statuses.get(name)!.delete(version);
      }
      memory.retain(name, versions);
    },
    refused: () =>
      [...statuses].flatMap(([model, ofModel]) =>
        [...ofModel].flatMap(([version, { damage: reason, refusal: kind }]) =>
          reason === undefined || kind === undefined ? [] : { model, version, kind, reason },
        ),
      ),
  };
}

/** Returns the running work for a version, or starts it. */
function shared(
  running: Map<string, Promise<Model>>,
  { name, version }: VersionReference,
  start: () => Promise<Model>,
): Promise<Model> {
  const key = `${name}@${version}`;
  const known = running.get(key);
  if (known !== undefined) return known;
  const started = start().finally(() => running.delete(key));
  running.set(key, started);
  return started;
}

function attributesOf({ name, version }: VersionReference) {
  return { [ATTRIBUTE.modelName]: name, [ATTRIBUTE.modelVersion]: version };
}
