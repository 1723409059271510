import type { Middleware } from 'koa';
import { compareVersions } from '../maintenance/comparison.ts';
import type { Model, ModelVersions } from '../models/store.ts';
import { modelNotLoaded } from './parameters.ts';
import type { RequestState } from './request.ts';
import type { Service } from './service.ts';

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
    ctx.body = await reportModel(service, model);
  };
}

/** A model as people see it, how its versions on trial do, and its last retraining. */
export async function reportModel(service: Service, versions: ModelVersions) {
  const { registry, feedbackStore, driftMonitor, retrainer } = service;
  const [comparison, [retrain = null]] = await Promise.all([
    compareVersions(versions, { registry: registry(), feedbackStore, driftMonitor }),
    retrainer().list(versions.name),
  ]);
  return { ...describeModel(versions), comparison, retrain };
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
