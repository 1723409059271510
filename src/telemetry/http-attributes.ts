import type { IncomingMessage, ServerResponse } from 'node:http';

/** The methods of the semantic conventions. Node accepts more methods, and a label must have few values. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY']);

const ROUTE = Symbol('route');

const CALLER = Symbol('caller');

const SYNTHETIC = Symbol('synthetic');

interface RoutedResponse extends ServerResponse {
  [ROUTE]?: string;
  [CALLER]?: string;
  [SYNTHETIC]?: boolean;
}

/** Returns the value of `http.request.method`: the method itself, or `_OTHER` if the conventions do not name it. */
export function normalizeMethod(method: string | undefined): string {
  return method !== undefined && METHODS.has(method) ? method : '_OTHER';
}

/** Records the route that serves a request. The server span and the metrics of the request read it. */
export function setServedRoute(response: ServerResponse, route: string): void {
  (response as RoutedResponse)[ROUTE] = route;
}

/** Returns the route that serves a request, or `undefined` if no route took the request. */
export function getServedRoute(response: ServerResponse): string | undefined {
  return (response as RoutedResponse)[ROUTE];
}

/** Records the name of the token of a request. The server span of the request has it. */
export function setCallerName(response: ServerResponse, name: string): void {
  (response as RoutedResponse)[CALLER] = name;
}

/** Returns the name of the token of a request, or `undefined` if the request has no valid token. */
export function getCallerName(response: ServerResponse): string | undefined {
  return (response as RoutedResponse)[CALLER];
}

/** Records that a request is one of a load test. The server span of the request says so. */
export function setSynthetic(response: ServerResponse): void {
  (response as RoutedResponse)[SYNTHETIC] = true;
}

/** Returns whether a request is one of a load test. */
export function isSyntheticRequest(response: ServerResponse): boolean {
  return (response as RoutedResponse)[SYNTHETIC] === true;
}

let authentication: (request: IncomingMessage) => boolean = () => false;

/** Sets the function that returns whether a request has a valid token. */
export function setAuthentication(check: (request: IncomingMessage) => boolean): void {
  authentication = check;
}

/** Returns whether a request has a valid token. Without tokens, and before the service has read them, none has. */
export function isAuthenticated(request: IncomingMessage): boolean {
  return authentication(request);
}
