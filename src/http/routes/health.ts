import type { Middleware } from 'koa';
import { Problem } from '../../platform/problems.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';

/** `GET /livez`: the process answers. */
export function livez(): Middleware<RequestState> {
  return (ctx) => {
    ctx.body = { status: 'live' };
  };
}

/** `GET /readyz`: requests may be sent here. */
export function readyz({ phase }: Service): Middleware<RequestState> {
  return (ctx) => {
    if (phase() !== 'ready') throw new Problem('not-ready', `The service is ${phase()}.`, { 'retry-after': '1' });
    ctx.body = { status: 'ready' };
  };
}
