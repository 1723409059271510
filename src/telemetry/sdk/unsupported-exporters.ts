import type { Config } from '../../platform/config.ts';

/** The exporters that each variable of OpenTelemetry can select. */
const SUPPORTED = {
  OTEL_TRACES_EXPORTER: ['otlp', 'none'],
  OTEL_LOGS_EXPORTER: ['otlp', 'none'],
  OTEL_METRICS_EXPORTER: ['prometheus', 'none'],
} as const;

/** Returns a line for each selected exporter that has no effect. */
export function unsupportedExporters(config: Pick<Config, keyof typeof SUPPORTED>): string[] {
  return (Object.keys(SUPPORTED) as (keyof typeof SUPPORTED)[]).flatMap((variable) => {
    const supported: readonly string[] = SUPPORTED[variable];
    return config[variable]
      .filter((name) => name !== '' && !supported.includes(name))
      .map((name) => {
        const allowed = supported.join(', ');
        return `${variable}: ${JSON.stringify(name)} is not supported and has no effect; supported: ${allowed}`;
      });
  });
}
