import { hostname } from 'node:os';
import type { Middleware } from 'koa';
import packageJson from '../../../package.json' with { type: 'json' };
import type { ConsoleSettings } from '../../recent/prediction-row.ts';
import type { RequestState } from '../server/context.ts';
import type { Service } from '../server/service.ts';

/** `GET /console/settings`: returns the settings that the console depends on. None of them is secret. */
export function showConsoleSettings({ config, tokens }: Service): Middleware<RequestState> {
  const settings: ConsoleSettings = {
    jaegerUiUrl: config.JAEGER_UI_URL ?? null,
    prometheusUrl: config.PROMETHEUS_URL ?? null,
    grafanaUrl: config.GRAFANA_URL ?? null,
    captureText: config.CAPTURE_TEXT,
    defaultModel: config.DEFAULT_MODEL,
    tokens: tokens !== undefined,
    jaegerQuery: config.JAEGER_QUERY_URL !== undefined,
    logs: config.VICTORIALOGS_URL !== undefined,
    version: packageJson.version,
    replica: config.DATABASE_URL === undefined ? null : hostname(),
  };
  return (ctx) => {
    ctx.body = settings;
  };
}
