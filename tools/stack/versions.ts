/** The versions of a program: the native one that `npm run stack` runs, and the image of docker-compose.yml. */
export interface ProgramVersion {
  /** The version of the Go module that is built. It is missing if the program is not built here. */
  readonly native?: string;
  readonly image: string;
  /** The reason why the native version is not that of the image; missing if both are equal. */
  readonly difference?: string;
}

/**
 * The versions of all programs of the stack. Every other file takes them from here, or is compared with this table by a
 * test: docker-compose.yml and otel/collector/builder.yaml.
 */
export const stackVersions = {
  collector: { native: 'v0.149.0', image: 'otel/opentelemetry-collector-contrib:0.149.0' },
  jaeger: {
    native: 'v1.76.0',
    image: 'jaegertracing/jaeger:2.13.0',
    difference: 'Jaeger 2 has no Go module version of its own. Release 2.N is the module version 1.(N + 63).',
  },
  victoriaLogs: { native: 'v1.52.1', image: 'victoriametrics/victoria-logs:v1.52.1' },
  alertmanager: { native: 'v0.28.1', image: 'prom/alertmanager:v0.28.1' },
  prometheus: {
    image: 'prom/prometheus:v3.13.1',
    difference:
      'A build from the Go module has no web pages. The native program comes from the PATH or from Debian, and its API lists exemplars.',
  },
  grafana: { image: 'grafana/grafana:13.1.0', difference: 'Only docker-compose.yml runs Grafana.' },
} as const satisfies Readonly<Record<string, ProgramVersion>>;

/** The version of the Collector's stable modules, which are released together with `stackVersions.collector`. */
export const COLLECTOR_STABLE_VERSION = 'v1.55.0';

/** The oldest Prometheus that understands the configuration, for a program from the PATH or from Debian. */
export const MIN_PROMETHEUS_VERSION = '2.40';

/** The oldest Go that builds all of the programs. */
export const MIN_GO_VERSION = '1.26.5';
