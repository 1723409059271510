import type { Middleware } from 'koa';
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
export function showModel({ models, retrainer, maintenance }: Service): Middleware<RequestState> {
  return async (ctx) => {
    const name = String(ctx['params'].name);
    const model = models().get(name);
    if (!model) throw modelNotLoaded(models(), name);
    const [[retrain = null], report] = await Promise.all([retrainer().list(name), maintenance().report(name)]);
    ctx.body = { ...describeModel(model), retrain, maintenance: report };
  };
}

/** A model as people see it. */
export function describeModel({ name, active, shadow, canary, versions }: ModelVersions) {
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
