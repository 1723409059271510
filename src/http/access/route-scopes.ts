import type { Scope } from '../server/caller.ts';

/** The right that a route needs: a scope, or `public` for a route that needs no token. */
export type RouteScope = Scope | 'public';

/**
 * The right that each route needs, by its method and path. A route that is not in this table needs `manage`, and a test
 * fails. The OpenAPI document takes the scopes from here too.
 */
export const ROUTE_SCOPES: Readonly<Record<string, RouteScope>> = {
  'GET /': 'public',
  'GET /console/:file': 'public',
  'GET /livez': 'public',
  'GET /readyz': 'public',
  'GET /docs': 'public',
  'GET /docs/runbooks': 'public',
  'GET /docs/:file': 'public',
  'GET /openapi.json': 'public',
  'POST /predict': 'predict',
  'POST /predict/batch': 'predict',
  'POST /feedback': 'feedback',
  'PUT /feedback/:id': 'manage',
  'DELETE /feedback/:id': 'manage',
  'GET /reviews': 'read',
  'GET /quality': 'read',
  'GET /drift': 'read',
  'GET /models': 'read',
  'GET /models/:name': 'read',
  'GET /models/:name/changes': 'read',
  'GET /models/:name/retrain': 'read',
  'GET /models/:name/retrain/:job': 'read',
  'POST /models/:name/activate': 'manage',
  'POST /models/:name/rollback': 'manage',
  'POST /models/:name/shadow': 'manage',
  'POST /models/:name/canary': 'manage',
  'POST /models/:name/retrain': 'manage',
  'DELETE /models/:name/retrain/:job': 'manage',
  'POST /maintenance/evaluate': 'manage',
  'GET /predictions': 'read',
  'GET /predictions/stream': 'read',
  'GET /process/history': 'read',
  'GET /traces/:traceId': 'read',
  'POST /compare': 'read',
  'GET /console/settings': 'public',
  'GET /v2': 'read',
  'GET /v2/health/live': 'public',
  'GET /v2/health/ready': 'public',
  'GET /v2/models/:name': 'read',
  'GET /v2/models/:name/ready': 'read',
  'POST /v2/models/:name/infer': 'predict',
  'GET /v2/models/:name/versions/:version': 'read',
  'GET /v2/models/:name/versions/:version/ready': 'read',
  'POST /v2/models/:name/versions/:version/infer': 'predict',
  'POST /v2/repository/index': 'read',
  'POST /v2/repository/models/:name/load': 'manage',
  'POST /v2/repository/models/:name/unload': 'manage',
};

/**
 * Returns the right that a route needs.
 *
 * @param path the path of the route, with its parameters as `:name`
 */
export function scopeOfRoute(method: string, path: string): RouteScope {
  return ROUTE_SCOPES[`${method === 'HEAD' ? 'GET' : method} ${path}`] ?? 'manage';
}
