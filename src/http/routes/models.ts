import type { Middleware } from 'koa';
import { type Comparison, compareVersions } from '../../maintenance/comparison/comparison.ts';
import type { Model, ModelVersions } from '../../models/store.ts';
import { FeedbackStoreError, type ProblemDetails, problemDetails, toProblem } from '../../platform/problems.ts';
import { exceptionAttributes } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../../telemetry/names.ts';
import type { RequestContext, RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { modelNotLoaded } from './parameters.ts';

/** `GET /models`: every model and its versions. */
export function listModels({ models }: Service): Middleware<RequestState> {
  return (ctx) => {
    ctx.body = { models: [...models().values()].map(describeModel) };
  };
}

/** `GET /models/{name}`: one model and its versions. */
export function showModel(service: Service): Middleware<RequestState> {
  const { models } = service;
  return async (ctx) => {
    const name = String(ctx['params'].name);
    const model = models().get(name);
    if (!model) throw modelNotLoaded(models(), name);
    ctx.body = await reportModel(ctx, service, model);
  };
}

/** A model as people see it, how its versions on trial do, and what is done about it. */
export async function reportModel(ctx: RequestContext, service: Service, versions: ModelVersions) {
  const { name } = versions;
  const [compared, [retrain = null], maintenance] = await Promise.all([
    compare(ctx, service, versions),
    service.retrainer().list(name),
    service.maintenance().report(name),
  ]);
  return { ...describeModel(versions), ...compared, retrain, maintenance };
}

/** How the versions on trial do, or what keeps that from being known: the rest of the report is true without it. */
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

/** A model as people see it. */
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
