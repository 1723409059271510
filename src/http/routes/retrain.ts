import type { Middleware } from 'koa';
import { z } from 'zod';
import type { ModelVersions } from '../../models/store.ts';
import { readJson } from '../server/body.ts';
import type { RequestContext, RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { modelNotFoundProblem } from './parameters.ts';
import { attributionOf, reasonFields } from './roles.ts';

/** The body of `POST /models/{name}/retrain`. */
export const retrainBody = z.strictObject(reasonFields, 'must be an object: {"reason"?: string}');

/** `POST /models/{name}/retrain`: starts a retraining. The header `location` has the path of the job. */
export function startRetraining(service: Service): Middleware<RequestState> {
  const { config, retrainer } = service;
  return async (ctx) => {
    const { name } = modelOf(ctx, service);
    const body = await readJson(ctx, retrainBody, config.MAX_BODY_BYTES);
    const job = await retrainer().start(name, attributionOf(ctx, body));
    ctx.status = 202;
    ctx.set('location', `/models/${name}/retrain/${job.id}`);
    ctx.body = { job };
  };
}

/** `GET /models/{name}/retrain`: lists the last retrainings. */
export function listRetrainings(service: Service): Middleware<RequestState> {
  return async (ctx) => {
    ctx.body = { jobs: await service.retrainer().list(modelOf(ctx, service).name) };
  };
}

/** `GET /models/{name}/retrain/{job}`: returns the progress or the result of a retraining. */
export function showRetraining(service: Service): Middleware<RequestState> {
  return async (ctx) => {
    ctx.body = { job: await service.retrainer().show(modelOf(ctx, service).name, jobOf(ctx)) };
  };
}

/** `DELETE /models/{name}/retrain/{job}`: cancels a retraining. */
export function cancelRetraining(service: Service): Middleware<RequestState> {
  return async (ctx) => {
    ctx.body = { job: await service.retrainer().cancel(modelOf(ctx, service).name, jobOf(ctx)) };
  };
}

function modelOf(ctx: RequestContext, { models }: Service): ModelVersions {
  const name = String(ctx['params'].name);
  const model = models().get(name);
  if (!model) throw modelNotFoundProblem(ctx, models(), name);
  return model;
}

function jobOf(ctx: RequestContext): string {
  return String(ctx['params'].job);
}
