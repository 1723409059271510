import type { RequestContext } from './request.ts';

/** As Koa names it. */
const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Answers with JSON that is already text. It is written to the response itself: of what Koa does with a body (looking for its
 * type, its length, what was there before) nothing is left to be done.
 */
export function answerJson(ctx: RequestContext, json: string): void {
  const { res } = ctx;
  ctx.respond = false;
  res.statusCode = 200;
  res.setHeader('content-type', JSON_TYPE);
  res.setHeader('content-length', Buffer.byteLength(json));
  res.end(json);
}
