import {
  type AnnotationQuery,
  type Dashboard,
  DashboardBuilder,
  type DashboardLink,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { OWN } from './metric-names.ts';
import { PROMETHEUS } from './panels.ts';
import { select } from './selectors.ts';

/** A row of a dashboard, with its panels from left to right. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A choice at the top of a dashboard: the values of a label. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  /** The selector of the series with the label. */
  readonly selector: string;
  /** `true` if several values, and all of them, can be chosen. */
  readonly multiple: boolean;
}

/** The description of a dashboard. */
export interface DashboardOptions {
  /** The name of its file, without the extension. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly Variable[];
  /** The selector of the models whose changes of version are shown. */
  readonly models: readonly string[];
  readonly rows: readonly Row[];
}

/** The choice of a model. There is always one. */
export const MODEL_VARIABLE: Variable = { name: 'model', label: 'Model', selector: OWN.modelInfo, multiple: false };

/** The choice of versions of the model. */
export const VERSION_VARIABLE: Variable = {
  name: 'version',
  label: 'Version',
  selector: select(OWN.modelInfo, 'model="$model"'),
  multiple: true,
};

/** Returns the choice of instances of a service. */
export function instanceVariable(selector: string): Variable {
  return { name: 'instance', label: 'Instance', selector, multiple: true };
}

const TAG = 'waymark';

/** The ids of rows are beyond those of panels. */
const FIRST_ROW_ID = 100;

/** Returns the JSON of a dashboard. */
export function createDashboard(options: DashboardOptions): Dashboard {
  const builder = new DashboardBuilder(`Waymark: ${options.title}`)
    .uid(`waymark-${options.name}`)
    .description(options.description)
    .tags([TAG])
    .version(1)
    .readonly()
    .timezone('browser')
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .link({ build: otherDashboards });
  for (const variable of options.variables) builder.withVariable(choice(variable));
  for (const annotation of annotations(options.models)) builder.annotation({ build: () => annotation });
  for (const [at, { title, panels }] of options.rows.entries()) {
    builder.withRow(new RowBuilder(title).id(FIRST_ROW_ID + at));
    for (const panel of panels) builder.withPanel({ build: () => panel });
  }
  return builder.build();
}

/** Returns the links to the other dashboards, in the header: the SDK's default would hide them in a menu. */
function otherDashboards(): DashboardLink {
  const link = new DashboardLinkBuilder('Waymark')
    .type(DashboardLinkType.Dashboards)
    .tags([TAG])
    .asDropdown(false)
    .keepTime(true);
  const { placement: _, ...inHeader } = link.build();
  return inHeader;
}

function choice({ name, label, selector, multiple }: Variable): QueryVariableBuilder {
  const builder = new QueryVariableBuilder(name)
    .label(label)
    .datasource(PROMETHEUS)
    .query({ query: `label_values(${selector}, ${name})`, refId: name })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(multiple)
    .includeAll(multiple);
  return multiple ? builder.allValue('.*').current({ selected: true, text: 'All', value: '$__all' }) : builder;
}

/** An annotation from Prometheus. The types of the SDK lack what is special about this data source. */
interface PrometheusAnnotation extends AnnotationQuery {
  readonly expr: string;
  readonly titleFormat: string;
}

function annotations(models: readonly string[]): PrometheusAnnotation[] {
  const common = { datasource: PROMETHEUS, enable: true };
  return [
    {
      ...common,
      name: 'Alerts',
      iconColor: 'red',
      expr: 'ALERTS{alertstate="firing"}',
      titleFormat: '{{alertname}}',
    },
    {
      ...common,
      name: 'Changes of version',
      iconColor: 'blue',
      expr: changesOfVersion(models),
      titleFormat: '{{model}}@{{version}}: {{role}}',
    },
  ];
}

/** Returns the versions that have got their role within the last five minutes: the active ones and the canaries. */
export function changesOfVersion(models: readonly string[]): string {
  const info = select(OWN.modelInfo, 'role=~"active|canary"', ...models);
  return `max by (model, version, role) (${info}) unless on (model, version, role) ${info} offset 5m`;
}
