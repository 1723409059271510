import type { Middleware } from 'koa';
import { z } from 'zod';
import { readJson } from '../server/body.ts';
import { boundedArray } from '../server/bounded-array.ts';
import { takeCharacters } from '../server/caller.ts';
import { answerJson, disconnectSignal, type RequestContext, type RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { explainParameter, requireRoutedModel } from './parameters.ts';
import { predictionFields } from './prediction-fields.ts';

const modelReference = z
  .string('must be a string, "NAME" or "NAME@VERSION"')
  .max(129, 'is longer than a model reference can be: "NAME" or "NAME@VERSION"')
  .optional();

/** The body of `POST /predict`. */
export const predictBody = z.strictObject(
  { text: z.string('must be a string'), model: modelReference },
  'must be an object: {"text": string, "model"?: string}',
);

/** Returns the schema of the body of `POST /predict/batch`. */
export const batchBody = (maxBatchSize: number) =>
  z.strictObject(
    {
      texts: boundedArray(z.string('must be a string'), 'must be an array of strings', {
        max: maxBatchSize,
        tooLong: (length) => `holds ${length} texts; at most ${maxBatchSize} are allowed`,
        problem: 'batch-too-large',
      })
        .refine((texts) => texts.length > 0, `must hold from 1 to ${maxBatchSize} texts`)
        .meta({ minItems: 1 }),
      model: modelReference,
    },
    'must be an object: {"texts": [string, ...], "model"?: string}',
  );

/** `POST /predict`: returns the label of one text. */
export function predict(service: Service): Middleware<RequestState> {
  const { config, predictor } = service;
  return async (ctx) => {
    const features = explainParameter(ctx);
    const { text, model } = await readJson(ctx, predictBody, config.MAX_BODY_BYTES);
    const { model: chosen, role } = await requireRoutedModel(ctx, service, model ?? config.DEFAULT_MODEL);
    takeCharacters(ctx, text);
    const { caller, recent: request } = ctx.state;
    // An explanation takes ten times as long as a prediction. Without turns, many of them hold up every other request.
    const prediction =
      features > 0
        ? await predictor.explain(chosen, text, { features, role, request, caller, signal: disconnectSignal(ctx) })
        : predictor.predict(chosen, text, { role, request, caller });
    answerJson(ctx, `{${predictionFields(prediction, caller?.answers)},${traceField(ctx)}}`);
  };
}

/** `POST /predict/batch`: returns the labels of many texts, in their order. */
export function predictBatch(service: Service): Middleware<RequestState> {
  const { config, predictor } = service;
  const body = batchBody(config.MAX_BATCH_SIZE);
  return async (ctx) => {
    const { texts, model } = await readJson(ctx, body, config.MAX_BODY_BYTES);
    const { model: chosen, role } = await requireRoutedModel(ctx, service, model ?? config.DEFAULT_MODEL);
    const { caller, recent: request } = ctx.state;
    takeCharacters(ctx, texts);
    const predictions = await predictor.predictBatch(chosen, texts, {
      role,
      request,
      caller,
      signal: disconnectSignal(ctx),
    });
    const fields = predictions.map((prediction) => `{${predictionFields(prediction, caller?.answers)}}`);
    answerJson(ctx, `{"predictions":[${fields.join()}],${traceField(ctx)}}`);
  };
}

function traceField(ctx: RequestContext): string {
  return `"traceId":"${ctx.state.trace.traceId}"`;
}
