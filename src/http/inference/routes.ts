import type Router from '@koa/router';
import type { Middleware } from 'koa';
import { isSynthetic, takeCharacters } from '../server/caller.ts';
import { deferredSignal, disconnectSignal, type RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { readInference } from './inference-request.ts';
import { writeInference } from './inference-response.ts';
import { describeModel, describeServer, reportModelReady, reportServerLive, reportServerReady } from './metadata.ts';
import { routedModelInPath } from './model-in-path.ts';
import { indexRepository, loadModel, unloadModel } from './repository.ts';

/** Adds the routes of the Open Inference Protocol. */
export function addInferenceRoutes(router: Router<RequestState>, service: Service): void {
  router.get('/v2', describeServer());
  router.get('/v2/health/live', reportServerLive());
  router.get('/v2/health/ready', reportServerReady(service));
  for (const model of ['/v2/models/:name', '/v2/models/:name/versions/:version']) {
    router.get(model, describeModel(service));
    router.get(`${model}/ready`, reportModelReady(service));
    router.post(`${model}/infer`, infer(service));
  }
  router.post('/v2/repository/index', indexRepository(service));
  router.post('/v2/repository/models/:name/load', loadModel(service));
  router.post('/v2/repository/models/:name/unload', unloadModel(service));
}

/**
 * `POST /v2/models/{name}[/versions/{version}]/infer`: returns the labels of one text or many, recorded as by
 * `/predict`.
 */
function infer(service: Service): Middleware<RequestState> {
  const { config, predictor } = service;
  const limits = {
    maxBytes: config.MAX_BODY_BYTES,
    maxTexts: config.MAX_BATCH_SIZE,
    maxCharacters: config.MAX_TEXT_CHARACTERS,
  };
  return async (ctx) => {
    const { model, role, minConfidence } = await routedModelInPath(ctx, service);
    const inference = await readInference(ctx, limits);
    takeCharacters(ctx, inference.texts);
    const [only, ...others] = inference.texts;
    const { caller, recent: request } = ctx.state;
    const options = { role, minConfidence, request, caller, synthetic: isSynthetic(ctx) };
    const predictions =
      others.length === 0
        ? [await predictor.predict(model, only ?? '', { ...options, signal: deferredSignal(ctx, model) })]
        : await predictor.predictBatch(model, inference.texts, {
            ...options,
            signal: disconnectSignal(ctx),
          });
    writeInference(ctx, model, inference, predictions);
  };
}
