import { createHash } from 'node:crypto';
import type { Middleware } from 'koa';
import { z } from 'zod';
import { longestWhy, type RoleChange } from '../../models/roles.ts';
import { readJson } from '../server/body.ts';
import type { RequestContext, RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { reportModel } from './models.ts';

/** The reason that a request may give. */
export const why = z
  .string('must be a string')
  .max(longestWhy, `is longer than ${longestWhy} characters`)
  .optional()
  .meta({ description: 'The reason, for the audit trail' });
const version = z.string('must be a string, the name of a version').max(64, 'is longer than the name of a version');

/** What `POST /models/{name}/activate` takes. */
export const activateBody = z.strictObject({ version, why }, 'must be an object: {"version": string, "why"?: string}');

/** What `POST /models/{name}/rollback` takes. */
export const rollbackBody = z.strictObject({ why }, 'must be an object: {"why"?: string}');

/** What `POST /models/{name}/shadow` takes. */
export const shadowBody = z.strictObject(
  { version: version.nullable(), why },
  'must be an object: {"version": string or null, "why"?: string}',
);

/** What `POST /models/{name}/canary` takes. */
export const canaryBody = z.strictObject(
  {
    version: version.nullable(),
    share: z
      .number('must be a number from 0 to 1')
      .min(0, 'must not be below 0')
      .max(1, 'must not be above 1')
      .optional()
      .meta({ description: 'Of the requests; as it is, or 0.1, where it is left out' }),
    why,
  },
  'must be an object: {"version": string or null, "share"?: number, "why"?: string}',
);

/** `POST /models/{name}/activate`: makes a version the one that answers. */
export function activate(service: Service): Middleware<RequestState> {
  return changeRoles(service, activateBody, (body) => ({ what: 'activate', version: body.version }));
}

/** `POST /models/{name}/rollback`: makes the version active that was it before. */
export function rollBack(service: Service): Middleware<RequestState> {
  return changeRoles(service, rollbackBody, () => ({ what: 'rollback' }));
}

/** `POST /models/{name}/shadow`: lets a version score beside the active one, or none. */
export function setShadow(service: Service): Middleware<RequestState> {
  return changeRoles(service, shadowBody, (body) => ({ what: 'shadow', version: body.version }));
}

/** `POST /models/{name}/canary`: lets a version answer a share of the requests, or none. */
export function setCanary(service: Service): Middleware<RequestState> {
  return changeRoles(service, canaryBody, ({ version: to, share }) => ({
    what: 'canary',
    version: to,
    ...(share !== undefined && { share }),
  }));
}

/** `GET /models/{name}/changes`: the audit trail. */
export function listChanges({ registry }: Service): Middleware<RequestState> {
  return async (ctx) => {
    const changes = await registry().changes(String(ctx['params'].name));
    ctx.body = {
      changes: changes.slice(0, 100).map(({ at, ...change }) => ({ ...change, at: new Date(at).toISOString() })),
    };
  };
}

function changeRoles<S extends z.ZodType<{ why?: string | undefined }>>(
  service: Service,
  schema: S,
  changeOf: (body: z.output<S>) => RoleChange,
): Middleware<RequestState> {
  const { config, registry } = service;
  return async (ctx) => {
    const body = await readJson(ctx, schema, config.MAX_BODY_BYTES);
    const by = { who: callerOf(ctx, config.API_TOKENS !== undefined), why: body.why ?? '' };
    const versions = await registry().change(String(ctx['params'].name), changeOf(body), by);
    ctx.body = await reportModel(ctx, service, versions);
  };
}

/** Who changes something: tokens are told apart by the beginning of their digest, and told to nobody. */
export function callerOf(ctx: RequestContext, hasTokens: boolean): string {
  if (!hasTokens) return 'api';
  const token = ctx.get('authorization').replace(/^Bearer +/i, '');
  return `api token ${createHash('sha256').update(token).digest('hex').slice(0, 8)}`;
}
