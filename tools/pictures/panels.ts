import { z } from 'zod';
import { dashboardFiles } from '../dashboards/dashboard-files.ts';

const thresholdsSchema = z.object({ steps: z.array(z.object({ value: z.number().nullable(), color: z.string() })) });

const panelSchema = z.object({
  id: z.number(),
  type: z.enum(['row', 'timeseries', 'stat', 'bargauge', 'table', 'barchart', 'heatmap']),
  title: z.string(),
  description: z.string().default(''),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  targets: z
    .array(
      z.object({ refId: z.string(), expr: z.string(), legendFormat: z.string(), instant: z.boolean().default(false) }),
    )
    .default([]),
  options: z
    .object({ xField: z.string().optional(), yAxis: z.object({ unit: z.string().optional() }).optional() })
    .default({}),
  fieldConfig: z
    .object({
      defaults: z.object({
        unit: z.string().default('short'),
        min: z.number().optional(),
        max: z.number().optional(),
        decimals: z.number().optional(),
        thresholds: thresholdsSchema.optional(),
        custom: z.object({ thresholdsStyle: z.object({ mode: z.string() }).optional() }).optional(),
      }),
    })
    .default({ defaults: { unit: 'short' } }),
  transformations: z.array(z.object({ id: z.string(), options: z.record(z.string(), z.unknown()) })).default([]),
});

const dashboardSchema = z.object({ title: z.string(), description: z.string(), panels: z.array(panelSchema) });

/** A panel of a dashboard, as its file has it. */
export type Panel = z.infer<typeof panelSchema>;

/** A row of a dashboard. */
export interface PanelRow {
  readonly title: string;
  /** The name of its picture, without the extension. */
  readonly name: string;
  readonly panels: readonly Panel[];
}

/** A dashboard, by rows. */
export interface PanelDashboard {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly PanelRow[];
}

/** Returns all dashboards from the content of their files. */
export function panelDashboards(): PanelDashboard[] {
  return [...dashboardFiles()].map(([file, content]) => {
    const { title, description, panels } = dashboardSchema.parse(JSON.parse(content));
    const rows: { title: string; name: string; panels: Panel[] }[] = [];
    for (const panel of panels) {
      if (panel.type !== 'row') rows.at(-1)?.panels.push(panel);
      else rows.push({ title: panel.title, name: fileName(panel.title), panels: [] });
    }
    return { name: file.replace('.json', ''), title, description, rows };
  });
}

function fileName(title: string): string {
  return title.toLowerCase().replaceAll(/[^a-z]+/g, '-');
}
