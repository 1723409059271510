import type Router from '@koa/router';
import type { Middleware } from 'koa';
import { Problem } from '../../platform/problems.ts';
import type { RequestState } from './context.ts';

/** The maximum number of unknown names that a problem quotes. Further ones are counted. */
const MAX_QUOTED = 5;

/** Matches what can only be a name. Texts have blanks, and tokens have digits or are longer. */
const NAME = /^[A-Za-z][A-Za-z_-]{0,31}$/;

/**
 * Describes unknown fields or parameters: `the unknown field "modle"; allowed: text, model, minConfidence`. A name that could be a text or
 * a token is counted, and not quoted.
 *
 * @param allowed the known names, or none if they are not to be listed
 */
export function describeUnknown(
  names: readonly string[],
  kind: 'field' | 'parameter',
  allowed: readonly string[],
): string {
  const quoted = names.filter((name) => NAME.test(name)).slice(0, MAX_QUOTED);
  const others = names.length - quoted.length;
  const kinds = names.length === 1 ? kind : `${kind}s`;
  const list = quoted.map((name) => `"${name}"`).join(', ');
  const unknown =
    quoted.length === 0
      ? `${others} unknown ${kinds}`
      : `the unknown ${kinds} ${list}${others > 0 ? ` and ${others} more` : ''}`;
  return allowed.length === 0 ? unknown : `${unknown}; allowed: ${allowed.join(', ')}`;
}

/** The query parameters of a route, by its method and its path: `GET /models/:name`. */
export type RouteParameters = ReadonlyMap<string, readonly string[]>;

/**
 * Returns a middleware that rejects query parameters that a route does not have, as unknown fields of a body are rejected.
 * A request without a query costs nothing, and a route that is not in the map takes any parameter.
 *
 * @throws {Problem} 422 with the parameters that the route has
 */
export function refuseUnknownParameters(
  router: Router<RequestState>,
  parameters: RouteParameters,
): Middleware<RequestState> {
  return function refuseUnknownParameters(ctx, next) {
    if (ctx.querystring === '') return next();
    const method = ctx.method === 'HEAD' ? 'GET' : ctx.method;
    const [layer] = router.match(ctx.path, method).pathAndMethod;
    const allowed = layer && parameters.get(`${method} ${String(layer.path)}`);
    const unknown = allowed ? Object.keys(ctx.query).filter((name) => !allowed.includes(name)) : [];
    if (!allowed || unknown.length === 0) return next();
    const detail = `The request has ${describeUnknown(unknown, 'parameter', allowed)}.`;
    const none = allowed.length === 0 ? ' This route has no parameters.' : '';
    throw new Problem('invalid-request', detail + none);
  };
}
