import type { Config } from '../../platform/config.ts';

/** A link of the service for people. */
export interface Link {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** A path of this service, or a URL. */
  readonly href: string;
}

const WILDCARD_HOSTS = new Set(['0.0.0.0', '::']);
/** A host name or an address. The header `host` can contain anything. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])$/i;

/**
 * Returns the links of the service.
 *
 * @param hostname the host name by which the client reached the service; the metrics are there too if they listen
 * everywhere
 */
export function linksOf(config: Config, hostname: string): Link[] {
  const { JAEGER_UI_URL, PROMETHEUS_URL, GRAFANA_URL } = config;
  return [
    { name: 'docs', title: 'API documentation', description: 'Read about every route, and try it', href: '/docs' },
    { name: 'openapi', title: 'OpenAPI', description: 'The same as an OpenAPI 3.1 document', href: '/openapi.json' },
    { name: 'models', title: 'Models', description: 'Versions, roles and scores', href: '/models' },
    { name: 'live', title: 'Liveness', description: 'Answers if the process is alive', href: '/livez' },
    { name: 'ready', title: 'Readiness', description: 'Answers if requests are accepted', href: '/readyz' },
    ...metricsLink(config, hostname),
    ...optionalLink('jaeger', 'Jaeger', 'Traces of the requests', JAEGER_UI_URL),
    ...optionalLink('prometheus', 'Prometheus', 'Metrics over time, rules and alerts', PROMETHEUS_URL),
    ...optionalLink('grafana', 'Grafana', 'Dashboards', GRAFANA_URL),
  ];
}

function metricsLink(config: Config, hostname: string): Link[] {
  if (config.OTEL_SDK_DISABLED) return [];
  const { OTEL_EXPORTER_PROMETHEUS_HOST: host, OTEL_EXPORTER_PROMETHEUS_PORT: port } = config;
  const configured = host.includes(':') ? `[${host}]` : host;
  const reachable = WILDCARD_HOSTS.has(host) ? hostname : configured;
  if (!HOST.test(reachable)) return [];
  return optionalLink(
    'metrics',
    'Metrics',
    `In the Prometheus format, on port ${port}`,
    `http://${reachable}:${port}/metrics`,
  );
}

function optionalLink(name: string, title: string, description: string, href: string | undefined): Link[] {
  return href !== undefined && URL.canParse(href) ? [{ name, title, description, href: new URL(href).href }] : [];
}
