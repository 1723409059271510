import { createHash, timingSafeEqual } from 'node:crypto';
import type { Middleware } from 'koa';
import { Problem } from '../../platform/problems.ts';
import { isHealthCheck, type RequestContext, type RequestState } from './context.ts';

const BEARER = /^Bearer +(\S+)$/i;

/** Returns a middleware that rejects requests without a valid bearer token (401). Health checks are exempt. */
export function requireToken(tokens: readonly string[]): Middleware<RequestState> {
  const digests = tokens.map(digest);
  return async function requireToken(ctx, next) {
    if (!isHealthCheck(ctx) && !hasToken(ctx, digests)) {
      throw new Problem('unauthorized', 'Send an "authorization: Bearer TOKEN" header with a token of this service.', {
        'www-authenticate': 'Bearer',
      });
    }
    await next();
  };
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function hasToken(ctx: RequestContext, digests: readonly Buffer[]): boolean {
  const token = BEARER.exec(ctx.get('authorization'))?.[1];
  if (token === undefined) return false;
  const sent = digest(token);
  // Each comparison takes constant time and none is left out, so the response time reveals nothing about the tokens.
  return digests.filter((known) => timingSafeEqual(known, sent)).length > 0;
}
