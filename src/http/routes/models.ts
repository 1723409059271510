import type { Middleware } from 'koa';
import { compareVersions } from '../../maintenance/comparison/comparison.ts';
import type { ModelRegistry } from '../../models/registry.ts';
import type { ModelVersion, ModelVersions } from '../../models/store.ts';
import { type ProblemDetails, problemDetails, toProblem } from '../../platform/problems.ts';
import { exceptionAttributes } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../../telemetry/names.ts';
import { allowedModels } from '../server/caller.ts';
import type { RequestContext, RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { modelNotFoundProblem } from './parameters.ts';

/** `GET /models`: lists every model with its versions, and the stored versions that cannot be used. */
export function listModels({ registry }: Service): Middleware<RequestState> {
  return (ctx) => {
    const models = [...allowedModels(ctx, registry().models()).values()];
    const allowed = ctx.state.caller?.models;
    const refused = registry()
      .refused()
      .filter(({ model }) => allowed?.has(model) ?? true);
    ctx.body = { models: models.map((versions) => describeModel(versions, registry())), refused };
  };
}

/** `GET /models/{name}`: returns one model with its versions. */
export function showModel(service: Service): Middleware<RequestState> {
  const { models } = service;
  return async (ctx) => {
    const name = String(ctx['params'].name);
    const model = models().get(name);
    if (!model) throw modelNotFoundProblem(ctx, models(), name);
    ctx.body = await reportModel(ctx, service, model);
  };
}

/** The parts of a report that are read from stores and files. */
type ReportPart = 'comparison' | 'retrain' | 'maintenance';

/**
 * Returns a model with its versions, their comparison, the last retraining, and the maintenance report. A part that cannot
 * be read is `null`, and `missing` has its problem. So a change of roles is never answered as failed after it took effect.
 */
export async function reportModel(ctx: RequestContext, service: Service, versions: ModelVersions) {
  const { name } = versions;
  const { feedbackStore, driftMonitor } = service;
  const missing: Partial<Record<ReportPart, ProblemDetails>> = {};

  async function read<T>(part: ReportPart, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      missing[part] = missingPart(ctx, service, name, error);
      return null;
    }
  }

  const [comparison, retrain, maintenance] = await Promise.all([
    read('comparison', () => compareVersions(versions, { registry: service.registry(), feedbackStore, driftMonitor })),
    read('retrain', async () => (await service.retrainer().list(name))[0] ?? null),
    read('maintenance', () => service.maintenance().report(name)),
  ]);
  const absent = Object.keys(missing).length > 0 && { missing };
  const registry = service.registry();
  const refused = registry.refused().filter(({ model }) => model === name);
  return { ...describeModel(versions, registry), refused, comparison, ...absent, retrain, maintenance };
}

/** Returns the problem of a part that cannot be read. Another error is a defect, and is thrown. */
function missingPart(ctx: RequestContext, { config, log }: Service, model: string, error: unknown): ProblemDetails {
  const problem = toProblem(error, config);
  if (problem.type !== 'feedback-unavailable' && problem.type !== 'storage-unavailable') throw error;
  log.error('model report incomplete', { [ATTRIBUTE.modelName]: model, ...exceptionAttributes(error) });
  return problemDetails(problem, ctx.state.trace.traceId);
}

/** Returns a model with its versions and their roles. */
function describeModel({ name, active, shadow, canary, versions }: ModelVersions, registry: ModelRegistry) {
  return {
    name,
    active: active.version,
    shadow: shadow?.version ?? null,
    canary: canary?.model.version ?? null,
    canaryShare: canary?.share ?? null,
    versions: versions.map((version) => ({ ...describeVersion(version), loaded: registry.isInMemory(version) })),
  };
}

function describeVersion({ version, manifest, signedBy }: ModelVersion) {
  return {
    version,
    algorithm: manifest.algorithm,
    labels: manifest.labels,
    sha256: manifest.weights.sha256,
    signedBy: signedBy ?? null,
    training: manifest.training,
    evaluation: manifest.evaluation ?? null,
  };
}
