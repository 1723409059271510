import type { Middleware } from 'koa';
import { z } from 'zod';
import type { RoutedModel } from '../../models/routing.ts';
import { readJson } from '../server/body.ts';
import { boundedArray } from '../server/bounded-array.ts';
import { isSynthetic, requireConfidence, takeCharacters } from '../server/caller.ts';
import {
  answerJson,
  deferredSignal,
  disconnectSignal,
  type RequestContext,
  type RequestState,
} from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { explainParameter, requireRoutedModel } from './parameters.ts';
import { predictionFields } from './prediction-fields.ts';

const modelReference = z
  .string('must be a string, "NAME" or "NAME@VERSION"')
  .max(129, 'is longer than a model reference can be: "NAME" or "NAME@VERSION"')
  .optional();

const minConfidence = z
  .number('must be a number from 0 to 1')
  .min(0, 'must be a number from 0 to 1')
  .max(1, 'must be a number from 0 to 1')
  .optional()
  .meta({
    description:
      'A prediction with a lower confidence is marked as abstained. Default: `minConfidence` of the policy of the model, or 0',
  });

/** The body of `POST /predict`. */
export const predictBody = z.strictObject(
  { text: z.string('must be a string'), model: modelReference, minConfidence },
  'must be an object: {"text": string, "model"?: string, "minConfidence"?: number}',
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
      minConfidence,
    },
    'must be an object: {"texts": [string, ...], "model"?: string, "minConfidence"?: number}',
  );

/** `POST /predict`: returns the label of one text. */
export function predict(service: Service): Middleware<RequestState> {
  const { config, predictor } = service;
  return async (ctx) => {
    const features = explainParameter(ctx);
    const body = await readJson(ctx, predictBody, config.MAX_BODY_BYTES);
    const { text } = body;
    const routed = await requireRoutedModel(ctx, service, body.model ?? config.DEFAULT_MODEL);
    const { model, role } = routed;
    const minConfidence = chooseMinimum(ctx, body.minConfidence, routed);
    takeCharacters(ctx, text);
    const { caller, recent: request } = ctx.state;
    const signal = deferredSignal(ctx, model);
    const options = { role, minConfidence, request, caller, synthetic: isSynthetic(ctx), signal };
    // An explanation takes ten times as long as a prediction. Without turns, many of them hold up every other request.
    const outcome =
      features > 0
        ? predictor.explain(model, text, { ...options, features, signal: disconnectSignal(ctx) })
        : predictor.predict(model, text, options);
    const prediction = outcome instanceof Promise ? await outcome : outcome;
    answerJson(ctx, `{${predictionFields(prediction, caller?.answers)},${traceField(ctx)}}`);
  };
}

/** `POST /predict/batch`: returns the labels of many texts, in their order. */
export function predictBatch(service: Service): Middleware<RequestState> {
  const { config, predictor } = service;
  const schema = batchBody(config.MAX_BATCH_SIZE);
  return async (ctx) => {
    const body = await readJson(ctx, schema, config.MAX_BODY_BYTES);
    const { texts } = body;
    const routed = await requireRoutedModel(ctx, service, body.model ?? config.DEFAULT_MODEL);
    const minConfidence = chooseMinimum(ctx, body.minConfidence, routed);
    const { caller, recent: request } = ctx.state;
    takeCharacters(ctx, texts);
    const predictions = await predictor.predictBatch(routed.model, texts, {
      role: routed.role,
      minConfidence,
      request,
      caller,
      synthetic: isSynthetic(ctx),
      signal: disconnectSignal(ctx),
    });
    const fields = predictions.map((prediction) => `{${predictionFields(prediction, caller?.answers)}}`);
    answerJson(ctx, `{"predictions":[${fields.join()}],${traceField(ctx)}}`);
  };
}

/**
 * Returns the lowest confidence of an answer that does not abstain: that of the request, or else that of the policy.
 *
 * @throws {Problem} 403 if the request has one, and the caller may not know confidences
 */
function chooseMinimum(ctx: RequestContext, requested: number | undefined, { minConfidence }: RoutedModel): number {
  if (requested === undefined) return minConfidence;
  requireConfidence(ctx);
  return requested;
}

function traceField(ctx: RequestContext): string {
  return `"traceId":"${ctx.state.trace.traceId}"`;
}
