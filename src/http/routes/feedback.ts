import type { Middleware } from 'koa';
import { z } from 'zod';
import { Problem } from '../../platform/problems.ts';
import { readJson } from '../server/body.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';

/** The body of `POST /feedback`. */
export const feedbackBody = z.strictObject(
  {
    id: z.string('must be a string, the id of a prediction').max(8192, 'is longer than an id can be'),
    label: z.string('must be a string'),
    text: z.string('must be a string').optional(),
  },
  'must be an object: {"id": string, "label": string, "text"?: string}',
);

/** `POST /feedback`: records the true label of a prediction durably, before it answers. */
export function recordFeedback({ config, feedbackService, models }: Service): Middleware<RequestState> {
  return async (ctx) => {
    const { id, label, text } = await readJson(ctx, feedbackBody, config.MAX_BODY_BYTES);
    if (text !== undefined && text.length > config.MAX_TEXT_CHARACTERS) {
      throw new Problem(
        'text-too-long',
        `"text" has ${text.length} characters; at most ${config.MAX_TEXT_CHARACTERS} are allowed.`,
      );
    }
    ctx.body = { ...(await feedbackService.record(models(), id, label, text)), traceId: ctx.state.trace.traceId };
  };
}
