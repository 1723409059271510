import type { Config } from '../../../platform/config.ts';

/** A link of the service. */
interface Link {
  readonly name: string;
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
    { name: 'docs', href: '/docs' },
    { name: 'openapi', href: '/openapi.json' },
    { name: 'models', href: '/models' },
    { name: 'live', href: '/livez' },
    { name: 'ready', href: '/readyz' },
    ...metricsLink(config, hostname),
    ...optionalLink('jaeger', JAEGER_UI_URL),
    ...optionalLink('prometheus', PROMETHEUS_URL),
    ...optionalLink('grafana', GRAFANA_URL),
  ];
}

function metricsLink(config: Config, hostname: string): Link[] {
  if (config.OTEL_SDK_DISABLED) return [];
  const { OTEL_EXPORTER_PROMETHEUS_HOST: host, OTEL_EXPORTER_PROMETHEUS_PORT: port } = config;
  const configured = host.includes(':') ? `[${host}]` : host;
  const reachable = WILDCARD_HOSTS.has(host) ? hostname : configured;
  if (!HOST.test(reachable)) return [];
  return optionalLink('metrics', `http://${reachable}:${port}/metrics`);
}

function optionalLink(name: string, href: string | undefined): Link[] {
  return href !== undefined && URL.canParse(href) ? [{ name, href: new URL(href).href }] : [];
}
