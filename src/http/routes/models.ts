import type { Middleware } from 'koa';
import { type Comparison, compareVersions } from '../../maintenance/comparison/comparison.ts';
import type { Model, ModelVersions } from '../../models/store.ts';
import { FeedbackStoreError, type ProblemDetails, problemDetails, toProblem } from '../../platform/problems.ts';
import { exceptionAttributes } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../../telemetry/names.ts';
import type { RequestContext, RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { modelNotFoundProblem } from './parameters.ts';

/** `GET /models`: lists every model with its versions. */
export function listModels({ models }: Service): Middleware<RequestState> {
  return (ctx) => {
    ctx.body = { models: [...models().values()].map(describeModel) };
  };
}

/** `GET /models/{name}`: returns one model with its versions. */
export function showModel(service: Service): Middleware<RequestState> {
  const { models } = service;
  return async (ctx) => {
    const name = String(ctx['params'].name);
    const model = models().get(name);
    if (!model) throw modelNotFoundProblem(models(), name);
    ctx.body = await reportModel(ctx, service, model);
  };
}

/** Returns a model with its versions, their comparison, the last retraining, and the maintenance report. */
export async function reportModel(ctx: RequestContext, service: Service, versions: ModelVersions) {
  const { name } = versions;
  const [compared, [retrain = null], maintenance] = await Promise.all([
    compare(ctx, service, versions),
    service.retrainer().list(name),
    service.maintenance().report(name),
  ]);
  return { ...describeModel(versions), ...compared, retrain, maintenance };
}

/**
 * Returns the comparison of shadow and canary with the active version. If it fails, the rest of the report stays valid.
 */
async function compare(
  ctx: RequestContext,
  { registry, feedbackStore, driftMonitor, log }: Service,
  versions: ModelVersions,
): Promise<{ comparison: Comparison } | { comparison: null; missing: { comparison: ProblemDetails } }> {
  try {
    return { comparison: await compareVersions(versions, { registry: registry(), feedbackStore, driftMonitor }) };
  } catch (error) {
    if (!(error instanceof FeedbackStoreError)) throw error;
    log.error('comparison not read', { [ATTRIBUTE.modelName]: versions.name, ...exceptionAttributes(error) });
    return {
      comparison: null,
      missing: { comparison: problemDetails(toProblem(error), ctx.state.trace.traceId) },
    };
  }
}

/** Returns a model with its versions and their roles. */
function describeModel({ name, active, shadow, canary, versions }: ModelVersions) {
  return {
    name,
    active: active.version,
    shadow: shadow?.version ?? null,
    canary: canary?.model.version ?? null,
    canaryShare: canary?.share ?? null,
    versions: versions.map(describeVersion),
  };
}

function describeVersion({ version, manifest }: Model) {
  return {
    version,
    algorithm: manifest.algorithm,
    labels: manifest.labels,
    sha256: manifest.weights.sha256,
    training: manifest.training,
    evaluation: manifest.evaluation ?? null,
  };
}
