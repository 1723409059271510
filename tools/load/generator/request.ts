import type { Target } from './connection.ts';

/** The options that are the same for every request. */
export interface RequestOptions {
  /** The base URL of the service. */
  readonly target: URL;
  readonly token: string | undefined;
  /** True if the service shall not count the predictions as real ones. */
  readonly synthetic: boolean;
}

/** Returns the URL of `POST /predict` below the path of the target. */
export function predictUrl(target: URL): URL {
  return new URL(`${target.pathname.replace(/\/$/, '')}/predict`, target);
}

/** Returns the headers of every request, by name. */
export function requestHeaders({ token, synthetic }: Omit<RequestOptions, 'target'>): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(synthetic && { baggage: 'synthetic=true' }),
  };
}

/** Returns the parts that all requests share. */
export function requestTarget(options: RequestOptions): Target {
  const { origin, pathname } = predictUrl(options.target);
  return { origin, path: pathname, headers: requestHeaders(options) };
}
