import { join } from 'node:path';
import type { Tools } from './install.ts';
import type { Ports } from './ports.ts';
import { gatewayComponent, serviceComponent } from './start-command.ts';

const PROJECT = join(import.meta.dirname, '../..');

/** The intervals at which data moves between components: those of production, or short ones for tests. */
export type Pace = 'normal' | 'fast';

/** A process of the stack. */
export interface Component {
  name: string;
  file: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** The URL that answers 200 when the component is ready. */
  health: string;
  /** The time after SIGTERM until the component is killed. */
  stopWithinMs: number;
}

/** The addresses of a running stack. */
export interface Urls {
  service: string;
  metrics: string;
  gateway: string;
  /** The address to which a mail server delivers mail. */
  gatewaySmtp: string;
  jaeger: string;
  prometheus: string;
  alertmanager: string;
  victoriaLogs: string;
  collectorMetrics: string;
}

/** Returns the addresses for a set of ports. */
export function urlsOf(ports: Ports): Urls {
  return {
    service: local(ports.service),
    metrics: `${local(ports.serviceMetrics)}/metrics`,
    gateway: local(ports.gateway),
    gatewaySmtp: `smtp://127.0.0.1:${ports.gatewaySmtp}`,
    jaeger: local(ports.jaegerUi),
    prometheus: local(ports.prometheus),
    alertmanager: local(ports.alertmanager),
    victoriaLogs: local(ports.victoriaLogs),
    collectorMetrics: `${local(ports.collectorPrometheus)}/metrics`,
  };
}

/**
 * Returns the components in rows. The components of a row start together, after those of the row before. They stop in
 * the reverse order.
 */
export function components(
  tools: Tools,
  ports: Ports,
  folder: string,
  pace: Pace,
  serviceEnv: NodeJS.ProcessEnv = {},
): Component[][] {
  return [
    [
      victoriaLogs(tools, ports, folder),
      jaeger(tools, ports, folder),
      prometheus(tools, ports, folder),
      alertmanager(tools, ports, folder),
      alertWebhook(ports),
    ],
    [collector(tools, ports, folder, pace)],
    [service(ports, folder, pace, serviceEnv)],
    [gateway(ports, folder, pace)],
  ];
}

function victoriaLogs(tools: Tools, ports: Ports, folder: string): Component {
  return {
    name: 'victoria-logs',
    file: tools.victoriaLogs,
    args: [
      `-httpListenAddr=127.0.0.1:${ports.victoriaLogs}`,
      `-storageDataPath=${join(folder, 'victoria-logs')}`,
      '-retentionPeriod=7d',
      '-loggerFormat=json',
    ],
    env: {},
    cwd: PROJECT,
    health: `${local(ports.victoriaLogs)}/health`,
    stopWithinMs: 10_000,
  };
}

function jaeger(tools: Tools, ports: Ports, folder: string): Component {
  return {
    name: 'jaeger',
    file: tools.jaeger,
    args: ['--config', join(PROJECT, 'otel/jaeger/jaeger.yaml')],
    env: {
      JAEGER_DATA_DIR: join(folder, 'jaeger'),
      JAEGER_OTLP_GRPC_PORT: String(ports.jaegerOtlpGrpc),
      JAEGER_QUERY_HTTP_PORT: String(ports.jaegerUi),
      JAEGER_QUERY_GRPC_PORT: String(ports.jaegerGrpc),
      JAEGER_HEALTH_PORT: String(ports.jaegerHealth),
      JAEGER_METRICS_PORT: String(ports.jaegerMetrics),
      PROMETHEUS_URL: local(ports.prometheus),
    },
    cwd: PROJECT,
    health: `${local(ports.jaegerHealth)}/status`,
    stopWithinMs: 20_000,
  };
}

function prometheus(tools: Tools, ports: Ports, folder: string): Component {
  return {
    name: 'prometheus',
    file: tools.prometheus,
    args: [
      `--config.file=${join(folder, 'prometheus/prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'prometheus/data')}`,
      '--storage.tsdb.retention.time=15d',
      `--web.listen-address=127.0.0.1:${ports.prometheus}`,
      // Prometheus 3 expands variables in external labels without the flag.
      '--enable-feature=exemplar-storage,expand-external-labels',
      '--log.format=json',
      ...(tools.prometheusAssets ? [`--web.local-assets=${tools.prometheusAssets}`] : []),
    ],
    env: { RUNBOOKS_URL: `${local(ports.service)}/docs/runbooks`, CONSOLE_URL: local(ports.service) },
    cwd: PROJECT,
    health: `${local(ports.prometheus)}/-/ready`,
    stopWithinMs: 20_000,
  };
}

function alertmanager(tools: Tools, ports: Ports, folder: string): Component {
  return {
    name: 'alertmanager',
    file: tools.alertmanager,
    args: [
      `--config.file=${join(folder, 'alertmanager/alertmanager.yml')}`,
      `--storage.path=${join(folder, 'alertmanager/data')}`,
      `--web.listen-address=127.0.0.1:${ports.alertmanager}`,
      // An empty address turns clustering off.
      '--cluster.listen-address=',
      '--log.format=json',
    ],
    env: {},
    cwd: PROJECT,
    health: `${local(ports.alertmanager)}/-/ready`,
    stopWithinMs: 10_000,
  };
}

function alertWebhook(ports: Ports): Component {
  return {
    name: 'alert-webhook',
    file: process.execPath,
    args: ['otel/alert-webhook.ts'],
    env: { ALERT_WEBHOOK_HOST: '127.0.0.1', ALERT_WEBHOOK_PORT: String(ports.alertWebhook) },
    cwd: PROJECT,
    health: local(ports.alertWebhook),
    stopWithinMs: 5_000,
  };
}

function collector(tools: Tools, ports: Ports, folder: string, pace: Pace): Component {
  const interval = pace === 'fast' ? '1s' : '5s';
  const tailSampling = process.env['TAIL_SAMPLING_PERCENTAGE']
    ? ['--config', join(PROJECT, 'otel/collector/tail-sampling.yaml')]
    : [];
  return {
    name: 'collector',
    file: tools.collector,
    args: ['--config', join(PROJECT, 'otel/collector/collector.yaml'), ...tailSampling],
    env: {
      COLLECTOR_DATA_DIR: join(folder, 'collector'),
      COLLECTOR_OTLP_GRPC_PORT: String(ports.collectorOtlpGrpc),
      COLLECTOR_OTLP_HTTP_PORT: String(ports.collectorOtlpHttp),
      COLLECTOR_HEALTH_PORT: String(ports.collectorHealth),
      COLLECTOR_METRICS_PORT: String(ports.collectorMetrics),
      COLLECTOR_PROMETHEUS_PORT: String(ports.collectorPrometheus),
      COLLECTOR_SCRAPE_INTERVAL: interval,
      COLLECTOR_SPAN_METRICS_INTERVAL: interval,
      WAYMARK_METRICS_TARGETS: `[127.0.0.1:${ports.serviceMetrics}]`,
      GATEWAY_METRICS_TARGETS: `[127.0.0.1:${ports.gatewayMetrics}]`,
      JAEGER_OTLP_ENDPOINT: `127.0.0.1:${ports.jaegerOtlpGrpc}`,
      VICTORIA_LOGS_URL: local(ports.victoriaLogs),
    },
    cwd: PROJECT,
    health: local(ports.collectorHealth),
    stopWithinMs: 20_000,
  };
}

function service(ports: Ports, folder: string, pace: Pace, settings: NodeJS.ProcessEnv): Component {
  return serviceComponent(ports, {
    HOST: '127.0.0.1',
    OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
    OTEL_EXPORTER_OTLP_ENDPOINT: local(ports.collectorOtlpHttp),
    DATA_DIR: join(folder, 'waymark'),
    JAEGER_UI_URL: local(ports.jaegerUi),
    JAEGER_QUERY_URL: local(ports.jaegerUi),
    VICTORIALOGS_URL: local(ports.victoriaLogs),
    PROMETHEUS_URL: local(ports.prometheus),
    ...exportDelays(pace),
    ...settings,
  });
}

function gateway(ports: Ports, folder: string, pace: Pace): Component {
  return gatewayComponent(ports, {
    GATEWAY_HOST: '127.0.0.1',
    GATEWAY_MAILDIR: join(folder, 'mail-gateway/maildir'),
    OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1',
    OTEL_EXPORTER_OTLP_ENDPOINT: local(ports.collectorOtlpHttp),
    ...exportDelays(pace),
  });
}

function exportDelays(pace: Pace): NodeJS.ProcessEnv {
  return pace === 'fast' ? { OTEL_BSP_SCHEDULE_DELAY: '500', OTEL_BLRP_SCHEDULE_DELAY: '500' } : {};
}

function local(port: number): string {
  return `http://127.0.0.1:${port}`;
}
