import type { IncomingMessage } from 'node:http';
import type Router from '@koa/router';
import type { Middleware } from 'koa';
import { Problem } from '../../platform/problems.ts';
import { setCallerName } from '../../telemetry/http-attributes.ts';
import type { Log } from '../../telemetry/logs/log.ts';
import { ATTRIBUTE } from '../../telemetry/names.ts';
import { type Caller, missingScopeProblem, requireAllowedModel, setQuotaHeaders } from '../server/caller.ts';
import type { RequestContext, RequestState } from '../server/context.ts';
import type { TokenStore } from '../server/service.ts';
import { type RouteScope, scopeOfRoute } from './route-scopes.ts';

const BEARER = /^Bearer +(\S+)$/i;

/** Matches the paths that probes of health and metrics try. */
const PROBE = /\/(?:livez|readyz|healthz?|metrics)(?:\/|$)/i;

/** The right that a request needs, and the model in its path. */
interface Requirement {
  /** `any` needs a token of any scope. */
  readonly scope: RouteScope | 'any';
  readonly model?: string | undefined;
}

/** Options of `authorize`. */
interface AuthorizeOptions {
  /** The router of all routes. */
  readonly router: Router<RequestState>;
  readonly tokens: TokenStore;
  readonly log: Log;
}

/**
 * Returns a middleware that rejects requests without a valid token (401) and above the quotas of the token (429). It rejects
 * a token that lacks the scope of the route, or the right to its model (403).
 */
export function authorize({ router, tokens, log }: AuthorizeOptions): Middleware<RequestState> {
  const requirementOf = createRequirements(router);
  return function authorize(ctx, next) {
    const { scope, model } = requirementOf(ctx);
    if (scope === 'public') return next();
    const caller = requireCaller(ctx, tokens);
    ctx.state.caller = caller;
    setCallerName(ctx.res, caller.name);
    if (scope !== 'any' && !caller.scopes.has(scope)) {
      log.warn('request refused', { [ATTRIBUTE.caller]: caller.name, [ATTRIBUTE.missingScope]: scope });
      throw missingScopeProblem(caller, scope);
    }
    if (model !== undefined) requireAllowedModel(ctx, model);
    takeRequest(ctx, caller);
    return next();
  };
}

/** Returns a function that finds the right that a request needs. Paths without parameters are looked up, others matched. */
function createRequirements(router: Router<RequestState>) {
  const fixed = new Map<string, Map<string, Requirement>>();
  for (const { path, methods } of router.stack) {
    if (String(path).includes(':')) continue;
    const byMethod = fixed.get(String(path)) ?? new Map<string, Requirement>();
    for (const method of methods) byMethod.set(method, { scope: scopeOfRoute(method, String(path)) });
    fixed.set(String(path), byMethod);
  }
  return ({ path, method }: RequestContext): Requirement =>
    fixed.get(path)?.get(method) ?? matchRequirement(router, path, method);
}

function matchRequirement(router: Router<RequestState>, path: string, method: string): Requirement {
  const { pathAndMethod } = router.match(path, method);
  const [layer] = pathAndMethod;
  if (layer === undefined) {
    // A probe with a wrong path or method gets 404 or 405, which name the right route.
    return { scope: PROBE.test(path) ? 'public' : 'any' };
  }
  const { name } = layer.params(path, layer.captures(path)) as { name?: string };
  return { scope: scopeOfRoute(method, String(layer.path)), model: name };
}

/** Returns the caller of a request, or `undefined` without a valid token. */
export function findCaller({ headers: { authorization } }: IncomingMessage, tokens: TokenStore): Caller | undefined {
  const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  return token === undefined ? undefined : tokens.find(token);
}

/** Returns the caller of a request. @throws {Problem} 401 without a valid token */
function requireCaller({ req }: RequestContext, tokens: TokenStore): Caller {
  const caller = findCaller(req, tokens);
  if (caller) return caller;
  const isSent = BEARER.test(req.headers.authorization ?? '');
  throw new Problem('unauthorized', 'Send an "authorization: Bearer TOKEN" header with a token of this service.', {
    'www-authenticate': isSent ? 'Bearer error="invalid_token"' : 'Bearer',
  });
}

function takeRequest(ctx: RequestContext, { requests, characters }: Caller): void {
  if (requests === undefined && characters === undefined) return;
  try {
    requests?.take(1);
  } finally {
    setQuotaHeaders(ctx);
  }
}
