import type { Urls } from './components.ts';

/** The commands that the banner of a running stack suggests. */
export interface NextSteps {
  /** Classifies a text, and prints the answer and the address of its trace in the console. */
  readonly predict: string;
  /** Prints the exemplars of the request times from Prometheus. */
  readonly exemplars: string;
}

/** The 99th percentile of the request times. Its exemplars are requests, with their trace ids. */
const SLOWEST_REQUESTS =
  'histogram_quantile(0.99, sum by (le) (rate(http_server_request_duration_seconds_bucket{job="waymark", http_route="/predict"}[5m])))';

/** Returns the next steps for a running stack. */
export function nextSteps({ service, prometheus }: Pick<Urls, 'service' | 'prometheus'>): NextSteps {
  return {
    predict: [
      `curl -s ${service}/predict -H 'content-type: application/json' -d '{"text": "you won a free prize, click here"}'`,
      `-w '\\n\\nits trace: ${service}/#/trace?id=%header{x-trace-id}\\n'`,
    ].join(' \\\n    '),
    exemplars: [`curl -sG ${prometheus}/api/v1/query_exemplars`, `--data-urlencode 'query=${SLOWEST_REQUESTS}'`].join(
      ' \\\n    ',
    ),
  };
}

/** Returns what is printed when a stack runs: its addresses, and the next steps. */
export function banner(urls: Urls, folder: string): string {
  const { predict, exemplars } = nextSteps(urls);
  return `
  Waymark        ${urls.service}
  metrics        ${urls.metrics}
  mail gateway   ${urls.gateway}/messages, ${urls.gatewaySmtp}
  Jaeger         ${urls.jaeger} (an API without pages; the console shows the traces)
  Prometheus     ${urls.prometheus}
  Alertmanager   ${urls.alertmanager}
  VictoriaLogs   ${urls.victoriaLogs}/select/vmui/
  runbooks       ${urls.service}/docs/runbooks
  data and logs  ${folder}

Next, in another terminal. A prediction, and the address of its trace in the console:

  ${predict}

The slowest of the requests. Each trace_id opens in the console as above:

  ${exemplars}

Ctrl-C stops everything.
`;
}
