import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { driftDashboard } from './drift-dashboard.ts';
import { gatewayDashboard } from './gateway-dashboard.ts';
import { qualityDashboard } from './quality-dashboard.ts';
import { runtimeDashboard } from './runtime-dashboard.ts';
import { serviceDashboard } from './service-dashboard.ts';

const DASHBOARDS: Readonly<Record<string, () => Dashboard>> = {
  'drift.json': driftDashboard,
  'gateway.json': gatewayDashboard,
  'quality.json': qualityDashboard,
  'runtime.json': runtimeDashboard,
  'service.json': serviceDashboard,
};

/** Returns the content of each file in `otel/grafana/dashboards`, by the name of the file. */
export function dashboardFiles(): ReadonlyMap<string, string> {
  const files = Object.entries(DASHBOARDS).map(
    ([name, create]) => [name, `${JSON.stringify(create(), null, 2)}\n`] as const,
  );
  return new Map(files);
}
