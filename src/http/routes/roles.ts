import type { Middleware } from 'koa';
import { z } from 'zod';
import { type ChangeAttribution, MAX_REASON_LENGTH, type RoleChange, withFormerNames } from '../../models/roles.ts';
import { readJson } from '../server/body.ts';
import type { RequestContext, RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';
import { reportModel } from './models.ts';

/** The number of changes in an answer. */
const MAX_CHANGES = 100;

const reason = z.string('must be a string').max(MAX_REASON_LENGTH, `is longer than ${MAX_REASON_LENGTH} characters`);

/** The fields for the reason of a request. `why` is the former name of `reason`. */
export const reasonFields = {
  reason: reason.optional().meta({ description: 'The reason, for the audit trail' }),
  why: reason
    .optional()
    .meta({ description: 'The former name of `reason`, used if `reason` is absent', deprecated: true }),
};

const version = z.string('must be a string, the name of a version').max(64, 'is longer than the name of a version');

/** The body of `POST /models/{name}/activate`. */
export const activateBody = z.strictObject(
  { version, ...reasonFields },
  'must be an object: {"version": string, "reason"?: string}',
);

/** The body of `POST /models/{name}/rollback`. */
export const rollbackBody = z.strictObject(reasonFields, 'must be an object: {"reason"?: string}');

/** The body of `POST /models/{name}/shadow`. */
export const shadowBody = z.strictObject(
  { version: version.nullable(), ...reasonFields },
  'must be an object: {"version": string or null, "reason"?: string}',
);

/** The body of `POST /models/{name}/canary`. */
export const canaryBody = z.strictObject(
  {
    version: version.nullable(),
    share: z
      .number('must be a number from 0 to 1')
      .min(0, 'must not be below 0')
      .max(1, 'must not be above 1')
      .optional()
      .meta({ description: 'The share of the requests; the default is the present share, or 0.1 at first' }),
    ...reasonFields,
  },
  'must be an object: {"version": string or null, "share"?: number, "reason"?: string}',
);

/** Handles `POST /models/{name}/activate`: makes a version the active one. */
export function activate(service: Service): Middleware<RequestState> {
  return changeRoles(service, activateBody, (body) => ({ action: 'activate', version: body.version }));
}

/** Handles `POST /models/{name}/rollback`: activates the version that was active before. */
export function rollBack(service: Service): Middleware<RequestState> {
  return changeRoles(service, rollbackBody, () => ({ action: 'rollback' }));
}

/** Handles `POST /models/{name}/shadow`: sets or removes the version that scores beside the active one. */
export function setShadow(service: Service): Middleware<RequestState> {
  return changeRoles(service, shadowBody, (body) => ({ action: 'shadow', version: body.version }));
}

/** Handles `POST /models/{name}/canary`: sets or removes the version that answers a share of the requests. */
export function setCanary(service: Service): Middleware<RequestState> {
  return changeRoles(service, canaryBody, ({ version: to, share }) => ({
    action: 'canary',
    version: to,
    ...(share !== undefined && { share }),
  }));
}

/** Handles `GET /models/{name}/changes`: returns the end of the audit trail. */
export function listChanges({ registry }: Service): Middleware<RequestState> {
  return async (ctx) => {
    const changes = await registry().changes(String(ctx['params'].name));
    ctx.body = {
      changes: changes
        .slice(0, MAX_CHANGES)
        .map((change) => ({ ...withFormerNames(change), at: new Date(change.at).toISOString() })),
    };
  };
}

interface ReasonFields {
  readonly reason?: string | undefined;
  readonly why?: string | undefined;
}

function changeRoles<S extends z.ZodType<ReasonFields>>(
  service: Service,
  schema: S,
  changeOf: (body: z.output<S>) => RoleChange,
): Middleware<RequestState> {
  const { config, registry } = service;
  return async (ctx) => {
    const body = await readJson(ctx, schema, config.MAX_BODY_BYTES);
    const versions = await registry().change(String(ctx['params'].name), changeOf(body), attributionOf(ctx, body));
    ctx.body = await reportModel(ctx, service, versions);
  };
}

/** Returns the caller and the reason of a request. The caller is the name of the token, or `api` if the service has no tokens. */
export function attributionOf({ state }: RequestContext, { reason, why }: ReasonFields): ChangeAttribution {
  return { actor: state.caller?.name ?? 'api', reason: reason ?? why ?? '' };
}
