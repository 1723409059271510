import type { Middleware } from 'koa';
import { z } from 'zod';
import { LABEL_SOURCES } from '../../feedback/database/feedback.ts';
import { Problem } from '../../platform/problems.ts';
import { readJson } from '../server/body.ts';
import { allowedModels, requireAllowedModel } from '../server/caller.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { requireModel, stringParameter } from './parameters.ts';
import { attributionOf } from './roles.ts';

const label = z.string('must be a string');

/** The body of `POST /feedback`. */
export const feedbackBody = z.strictObject(
  {
    id: z.string('must be a string, the id of a prediction').max(8192, 'is longer than an id can be'),
    label,
    text: z.string('must be a string').optional(),
    source: z.enum(LABEL_SOURCES, 'must be "truth", "review" or "report"').default('truth').meta({
      description:
        '`truth`: the label would have come for any answer. `review`: the service had asked for it. `report`: somebody objected or agreed of their own accord',
    }),
  },
  'must be an object: {"id": string, "label": string, "text"?: string, "source"?: "truth", "review" or "report"}',
);

/** The body of `PUT /feedback/{id}`. */
export const correctionBody = z.strictObject({ label }, 'must be an object: {"label": string}');

/** The largest number of reviews in one answer, and the number without `limit`. */
const MAX_REVIEWS = 1_000;
const DEFAULT_REVIEWS = 100;

/** `POST /feedback`: records the true label of a prediction durably, before it answers. */
export function recordFeedback({ config, feedbackService, models }: Service): Middleware<RequestState> {
  return async (ctx) => {
    const body = await readJson(ctx, feedbackBody, config.MAX_BODY_BYTES);
    const { text } = body;
    if (text !== undefined && text.length > config.MAX_TEXT_CHARACTERS) {
      throw new Problem(
        'text-too-long',
        `"text" has ${text.length} characters; at most ${config.MAX_TEXT_CHARACTERS} are allowed.`,
      );
    }
    ctx.body = {
      ...(await feedbackService.record(allowedModels(ctx, models()), body)),
      traceId: ctx.state.trace.traceId,
    };
  };
}

/** `PUT /feedback/{id}`: replaces the label of a feedback, in every count. */
export function correctFeedback(service: Service): Middleware<RequestState> {
  const { config, feedbackService, models } = service;
  return async (ctx) => {
    const body = await readJson(ctx, correctionBody, config.MAX_BODY_BYTES);
    const { actor } = attributionOf(ctx, {});
    const result = await feedbackService.correct(
      allowedModels(ctx, models()),
      String(ctx['params'].id),
      body.label,
      actor,
    );
    ctx.body = { ...result, traceId: ctx.state.trace.traceId };
  };
}

/** `DELETE /feedback/{id}`: deletes the label and the text of a feedback. */
export function eraseFeedback(service: Service): Middleware<RequestState> {
  return async (ctx) => {
    const id = String(ctx['params'].id);
    await service.feedbackService.erase(id, attributionOf(ctx, {}).actor, (model) => requireAllowedModel(ctx, model));
    ctx.body = { id, erased: true, traceId: ctx.state.trace.traceId };
  };
}

/** `GET /reviews?model=&limit=`: returns the predictions that wait for a reviewed label, oldest first. */
export function listReviews({ config, feedbackStore, models }: Service): Middleware<RequestState> {
  return async (ctx) => {
    const { name } = requireModel(ctx, models(), stringParameter(ctx, 'model') ?? config.DEFAULT_MODEL);
    const limit = stringParameter(ctx, 'limit') ?? String(DEFAULT_REVIEWS);
    if (!/^[1-9][0-9]{0,3}$/.test(limit) || Number(limit) > MAX_REVIEWS) {
      throw new Problem('invalid-request', `The parameter "limit" must be a number from 1 to ${MAX_REVIEWS}.`);
    }
    const waiting = await feedbackStore.experiments.waitingReviews(name, Number(limit));
    ctx.body = {
      reviews: waiting.map(({ id, version, predictedAt, label: prediction, confidence }) => ({
        id,
        model: { name, version },
        time: new Date(predictedAt).toISOString(),
        prediction,
        confidence,
      })),
    };
  };
}
