import type { Middleware } from 'koa';
import { createHostCheck } from '../../platform/hosts.ts';
import { Problem } from '../../platform/problems.ts';
import type { RequestContext, RequestState } from '../server/context.ts';

/** The methods that change nothing. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The values of `sec-fetch-site` for requests of the service's own pages, and of addresses that a person enters. */
const OWN_SITES = new Set(['same-origin', 'none']);

/** For answers that are not pages. A page has a policy of its own. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const EXPOSED_HEADERS =
  'location, ratelimit, ratelimit-policy, ratelimit-limit, ratelimit-remaining, ratelimit-reset, retry-after, traceresponse, x-trace-id';

const PREFLIGHT_HEADERS = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, DELETE',
  'access-control-allow-headers':
    'authorization, baggage, content-type, inference-header-content-length, traceparent, tracestate, x-canary-key',
  'access-control-max-age': '7200',
};

/** Options of `refuseOtherSites`. */
interface OtherSitesOptions {
  /** The address on which the server listens. */
  readonly host: string;
  readonly allowedHosts: readonly string[] | undefined;
  /** The origins whose pages may call the API. */
  readonly corsOrigins?: readonly string[] | undefined;
}

/**
 * Returns a middleware that protects the service from pages of other sites (403). They can send requests from the browser of a
 * person who can reach the service. It also sets the headers that forbid them to embed answers.
 */
export function refuseOtherSites({ host, allowedHosts, corsOrigins }: OtherSitesOptions): Middleware<RequestState> {
  const isAllowedHost = createHostCheck(host, allowedHosts);
  const origins = corsOrigins && new Set(corsOrigins);
  return function refuseOtherSites(ctx, next) {
    const { headers } = ctx.req;
    setProtection(ctx);
    if (isAllowedHost?.(headers.host) === false) {
      throw new Problem(
        'host-not-allowed',
        'The host of the request is not allowed. The service listens on loopback, or has ALLOWED_HOSTS; add the host there.',
      );
    }
    const { origin } = headers;
    if (origins !== undefined) {
      ctx.res.setHeader('vary', 'Origin');
      if (origin !== undefined && origins.has(origin)) return answerOrigin(ctx, origin, next);
    }
    if (!SAFE_METHODS.has(ctx.method) && isFromOtherSite(headers['sec-fetch-site'], origin, headers.host)) {
      throw new Problem(
        'other-site',
        'A page of another site must not do this. CORS_ORIGINS lists the origins that may.',
      );
    }
    return next();
  };
}

/** Sets the headers that protect an answer. Koa's setter copies all headers of the response; Node's does not. */
function setProtection({ method, res }: RequestContext): void {
  res.setHeader('x-content-type-options', 'nosniff');
  res.setHeader('cross-origin-resource-policy', 'same-origin');
  if (!SAFE_METHODS.has(method)) return;
  res.setHeader('referrer-policy', 'no-referrer');
  res.setHeader('content-security-policy', CONTENT_SECURITY_POLICY);
}

/**
 * Returns whether a page of another site sent a request. Browsers send at least one of the two headers with each request that
 * is not a GET. Programs send none.
 */
function isFromOtherSite(
  site: string | string[] | undefined,
  origin: string | undefined,
  host: string | undefined,
): boolean {
  if (site !== undefined && !OWN_SITES.has(String(site))) return true;
  if (origin === undefined || site === 'same-origin') return false;
  return !URL.canParse(origin) || host === undefined || !isSameHost(new URL(origin), host);
}

/** Compares hosts and ports. The schemes may differ, because a proxy can end TLS. */
function isSameHost(origin: URL, host: string): boolean {
  const own = `${origin.protocol}//${host}`;
  return URL.canParse(own) && new URL(own).host === origin.host;
}

async function answerOrigin(ctx: RequestContext, origin: string, next: () => Promise<unknown>): Promise<void> {
  ctx.res.setHeader('access-control-allow-origin', origin);
  ctx.res.setHeader('access-control-expose-headers', EXPOSED_HEADERS);
  if (ctx.method === 'OPTIONS' && ctx.req.headers['access-control-request-method'] !== undefined) {
    ctx.set(PREFLIGHT_HEADERS);
    ctx.status = 204;
    return;
  }
  await next();
}
