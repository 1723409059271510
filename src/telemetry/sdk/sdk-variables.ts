import { hasTelemetryLimits } from '../../platform/config.ts';

/** The environment of the process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns whether variables are set that only the SDK's package for Node reads: limits, propagators, its own log level. */
export function hasSdkVariables(env: Environment): boolean {
  return hasTelemetryLimits(env) || ['OTEL_PROPAGATORS', 'OTEL_LOG_LEVEL'].some((name) => env[name]?.trim());
}

/** Returns the names of the instrumentations that the variables of OpenTelemetry select, such as `undici`. */
export function selectedInstrumentations(env: Environment): string[] {
  const listed = (variable: string) =>
    (env[variable] ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
  const disabled = new Set(listed('OTEL_NODE_DISABLED_INSTRUMENTATIONS'));
  return listed('OTEL_NODE_ENABLED_INSTRUMENTATIONS').filter((name) => !disabled.has(name));
}
