import type { Middleware } from 'koa';
import type { Config } from '../../platform/config.ts';
import { Problem } from '../../platform/problems.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';

/** `GET /livez`: answers 200 if the process is alive. */
export function reportLiveness(): Middleware<RequestState> {
  return (ctx) => {
    ctx.body = { status: 'live' };
  };
}

/**
 * `GET /readyz`: answers 200 if the service accepts requests, otherwise 503. A part that predictions do not need and that
 * does not work is named.
 */
export function reportReadiness({ phase, degradations }: Service): Middleware<RequestState> {
  return (ctx) => {
    if (phase() !== 'ready') throw new Problem('not-ready', `The service is ${phase()}.`, { 'retry-after': '1' });
    const degraded = degradations();
    ctx.body = { status: 'ready', ...(degraded.length > 0 && { degraded }) };
  };
}

/** Returns the details of the 404 for paths that clients of other services try. */
export function pathHints(config: Config): ReadonlyMap<string, string> {
  const health =
    'There is no such route. GET /livez answers if the process is alive, GET /readyz if it accepts requests.';
  const metrics = config.OTEL_SDK_DISABLED
    ? 'There is no such route, and metrics are off (OTEL_SDK_DISABLED).'
    : `There is no such route on this port. GET /metrics is on port ${config.OTEL_EXPORTER_PROMETHEUS_PORT} (OTEL_EXPORTER_PROMETHEUS_PORT).`;
  return new Map([
    ['/health', health],
    ['/healthz', health],
    ['/metrics', metrics],
  ]);
}
