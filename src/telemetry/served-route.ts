import type { ServerResponse } from 'node:http';

const ROUTE = Symbol('route');

interface Routed extends ServerResponse {
  [ROUTE]?: string;
}

/** Names the route that took a request, for its server span and its metrics. */
export function nameServedRoute(response: ServerResponse, route: string): void {
  (response as Routed)[ROUTE] = route;
}

/** The route that took a request, once it is named. */
export function servedRoute(response: ServerResponse): string | undefined {
  return (response as Routed)[ROUTE];
}
