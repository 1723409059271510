import type { Config } from '../platform/config.ts';

const EXAMPLE = 'Congratulations, you won free money, click here to claim your prize now';

/**
 * Returns the lines that a person sees on a terminal once the service is ready: where it is, and what to try next.
 *
 * @param url the address of the HTTP API
 */
export function greeting(url: string, config: Config): string {
  const links: [name: string, text: string][] = [
    ['Open', `${url}/  or the API's page ${url}/docs`],
    ['Try', `curl -s ${url}/predict -H 'content-type: application/json' -d '{"text": "${EXAMPLE}"}'`],
  ];
  if (!config.OTEL_SDK_DISABLED) links.push(['Metrics', `${metricsUrl(config)}/metrics`]);
  links.push(['Stop', 'Ctrl-C']);
  return ['', 'Waymark is ready.', '', ...links.map(([name, text]) => `  ${name.padEnd(8)} ${text}`), '', ''].join(
    '\n',
  );
}

function metricsUrl(config: Config): string {
  const host = config.OTEL_EXPORTER_PROMETHEUS_HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${config.OTEL_EXPORTER_PROMETHEUS_PORT}`;
}
