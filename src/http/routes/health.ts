import type { Middleware } from 'koa';
import { Problem } from '../../platform/problems.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';

/** `GET /livez`: answers 200 if the process is alive. */
export function reportLiveness(): Middleware<RequestState> {
  return (ctx) => {
    ctx.body = { status: 'live' };
  };
}

/** `GET /readyz`: answers 200 if the service accepts requests, otherwise 503. */
export function reportReadiness({ phase }: Service): Middleware<RequestState> {
  return (ctx) => {
    if (phase() !== 'ready') throw new Problem('not-ready', `The service is ${phase()}.`, { 'retry-after': '1' });
    ctx.body = { status: 'ready' };
  };
}
