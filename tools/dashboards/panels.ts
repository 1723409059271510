import { PanelBuilder as BarChart } from '@grafana/grafana-foundation-sdk/barchart';
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DataTransformerConfig,
  type Panel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as Heatmap } from '@grafana/grafana-foundation-sdk/heatmap';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';

/** The data source that `otel/grafana/provisioning/datasources/datasources.yml` provides. */
export const PROMETHEUS = { type: 'prometheus', uid: 'prometheus' };

const WIDTH = 24;
const HEIGHT = 8;
const GREEN = 'green';
const RED = 'red';

/** The options that all panels share. Links to a panel contain its id, so an id never changes. */
export interface PanelOptions {
  readonly id: number;
  readonly title: string;
  readonly description?: string;
  /** A unit of Grafana, such as `s`, `ops` or `percentunit`. */
  readonly unit: string;
  /** In columns: a dashboard has 24. */
  readonly width: number;
  readonly height?: number;
  readonly min?: number;
  readonly max?: number;
}

/** A query of a panel: the expression, and the name of its series in the legend. */
export type Query = readonly [expression: string, legend: string];

/** The methods that the builders of all kinds of panels share. */
interface CommonBuilder {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  datasource(source: typeof PROMETHEUS): this;
  height(height: number): this;
  span(width: number): this;
  unit(unit: string): this;
  min(min: number): this;
  max(max: number): this;
  withTarget(target: DataqueryBuilder): this;
  build(): Panel;
}

/**
 * Returns a graph over time.
 *
 * @param limit the value of an objective or of an alert, shown as a line
 * @param exemplars whether the panel shows exemplars, which lead to traces
 */
export function timeSeries(
  { limit, exemplars = false, ...options }: PanelOptions & { readonly limit?: number; readonly exemplars?: boolean },
  ...queries: readonly Query[]
): Panel {
  const builder = describe(new TimeSeries(), options).legend(legend()).fillOpacity(10).showPoints(VisibilityMode.Never);
  if (limit !== undefined) {
    builder
      .thresholds(steps([{ value: limit, color: RED }]))
      .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  }
  for (const query of targets(queries)) builder.withTarget(exemplars ? query.exemplar(true) : query);
  return builder.build();
}

/** Returns a panel of large numbers: the latest value of each series. */
export function stat(options: PanelOptions, ...queries: readonly Query[]): Panel {
  const builder = describe(new Stat(), options).reduceOptions(latest());
  for (const query of targets(queries)) builder.withTarget(query.instant());
  return builder.build();
}

/** Returns a panel of error budgets: the part that is left, its course, and red below 0. */
export function budgets(options: Omit<PanelOptions, 'unit'>, ...queries: readonly Query[]): Panel {
  const colors = steps(
    [
      { value: 0, color: 'orange' },
      { value: 0.25, color: GREEN },
    ],
    RED,
  );
  const builder = describe(new Stat(), { ...options, unit: 'percentunit' })
    .reduceOptions(latest())
    .decimals(1)
    .thresholds(colors);
  for (const query of targets(queries)) builder.withTarget(query);
  return builder.build();
}

/** Returns a panel of horizontal bars: the latest value of each series. */
export function barGauge(options: PanelOptions, ...queries: readonly Query[]): Panel {
  const builder = describe(new BarGauge(), options)
    .orientation(VizOrientation.Horizontal)
    .displayMode(BarGaugeDisplayMode.Basic)
    .reduceOptions(latest());
  for (const query of targets(queries)) builder.withTarget(query.instant());
  return builder.build();
}

/** Returns a table of the present series of a query, after some transformations. */
export function table(options: PanelOptions, expression: string, transformation: DataTransformerConfig): Panel {
  const builder = describe(new Table(), options).withTransformation(transformation);
  for (const query of targets([[expression, '']])) {
    builder.withTarget(query.instant().format(PromQueryFormat.Table));
  }
  return builder.build();
}

/** Returns a bar chart that compares two queries by a label. */
export function comparison(options: PanelOptions, label: string, ...queries: readonly Query[]): Panel {
  const builder = describe(new BarChart(), options).legend(legend()).xField(label);
  for (const query of targets(queries)) builder.withTarget(query.instant().format(PromQueryFormat.Table));
  const columns = queries.map(([, legend], at) => [`Value #${refId(at)}`, legend]);
  return builder
    .withTransformation({ id: 'joinByField', options: { byField: label, mode: 'outer' } })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true, 'Time 1': true, 'Time 2': true },
        renameByName: Object.fromEntries(columns),
      },
    })
    .build();
}

/** Returns a heat map of the buckets of a histogram. */
export function heatmap(options: PanelOptions, bucketUnit: string, ...queries: readonly Query[]): Panel {
  const builder = describe(new Heatmap(), options).calculate(false);
  for (const query of targets(queries)) builder.withTarget(query.format(PromQueryFormat.Heatmap));
  const panel = builder.build();
  return { ...panel, options: { ...panel.options, yAxis: { ...panel.options.yAxis, unit: bucketUnit } } };
}

function describe<Builder extends CommonBuilder>(builder: Builder, options: PanelOptions): Builder {
  const { id, title, description = '', unit, width, height = HEIGHT, min, max } = options;
  if (width > WIDTH) throw new Error(`Panel ${id} is wider than a dashboard`);
  builder.id(id).title(title).description(description).datasource(PROMETHEUS).span(width).height(height).unit(unit);
  if (min !== undefined) builder.min(min);
  if (max !== undefined) builder.max(max);
  return builder;
}

function targets(queries: readonly Query[]): DataqueryBuilder[] {
  return queries.map(([expression, legend], at) =>
    new DataqueryBuilder().refId(refId(at)).datasource(PROMETHEUS).expr(expression).legendFormat(legend),
  );
}

function refId(at: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + at);
}

/** By default the SDK hides the legend. */
function legend(): VizLegendOptionsBuilder {
  return new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true);
}

function latest(): ReduceDataOptionsBuilder {
  return new ReduceDataOptionsBuilder().calcs(['lastNotNull']);
}

function steps(above: readonly { value: number; color: string }[], below = GREEN): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: below }, ...above]);
}
