import type { Middleware } from 'koa';
import { type RequestState, whileClientWaits } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { readInference } from './inference-request.ts';
import { writeInference } from './inference-response.ts';
import { answeringModel } from './requested-model.ts';

/** `POST /v2/models/{name}[/versions/{version}]/infer`: the labels of one text or many, each followed as by `/predict`. */
export function infer({ config, models, predictor }: Service): Middleware<RequestState> {
  const limits = {
    maxBytes: config.MAX_BODY_BYTES,
    maxTexts: config.MAX_BATCH_SIZE,
    maxCharacters: config.MAX_TEXT_CHARACTERS,
  };
  return async (ctx) => {
    const { model, role } = answeringModel(ctx, models());
    const inference = await readInference(ctx, limits);
    const [only, ...others] = inference.texts;
    const predictions =
      others.length === 0
        ? [predictor.predict(model, only ?? '', { role })]
        : await predictor.predictBatch(model, inference.texts, { role, signal: whileClientWaits(ctx) });
    writeInference(ctx, model, inference, predictions);
  };
}
