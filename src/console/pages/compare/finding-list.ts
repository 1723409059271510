import { type ComponentChildren, h } from 'preact';
import type { Finding } from '../../../recent/prediction-row.ts';
import { describeFilter, FILTER_FIELDS, type Filter, parametersOf } from '../../state/filters.ts';
import { hrefOf } from '../../state/location.ts';
import { settings } from '../../state/service.ts';
import { formatCount, formatNumber, formatSeconds, formatShare } from '../../view/format.ts';
import { Bar, TableBehind } from '../../view/parts.ts';

type Condition = Finding['conditions'][number];

interface FindingsProps {
  readonly findings: readonly Finding[];
  /** The filters of the selection. */
  readonly filters: readonly Filter[];
}

/** The findings, strongest first, each with its figures and what to do next. */
export function FindingList({ findings, filters }: FindingsProps): ComponentChildren {
  return h(
    'div',
    { class: 'stack' },
    h(
      'ol',
      { class: 'findings' },
      findings.map((finding, at) => h(Item, { key: at, finding, filters })),
    ),
    h(TableBehind, {
      caption: 'the findings',
      head: [
        'conditions',
        '#of the selected',
        '#of the others',
        '#times',
        '#from',
        '#to',
        '#p',
        '#count',
        '#median ms',
        '#p99 ms',
      ],
      rows: findings.map((finding) => [
        finding.conditions.map(describeCondition).join(' and '),
        formatShare(finding.selectionShare),
        formatShare(finding.baselineShare),
        finding.ratio === null ? '–' : formatNumber(finding.ratio),
        formatNumber(finding.interval[0]),
        finding.interval[1] === null ? '–' : formatNumber(finding.interval[1]),
        finding.pValue.toFixed(3),
        formatCount(finding.count),
        (finding.medianSeconds * 1e3).toFixed(2),
        (finding.p99Seconds * 1e3).toFixed(2),
      ]),
    }),
  );
}

function Item({
  finding,
  filters,
}: {
  readonly finding: Finding;
  readonly filters: readonly Filter[];
}): ComponentChildren {
  const { conditions, selectionShare, baselineShare, ratio, interval, pValue, count, traces, promql } = finding;
  const added = conditions.filter(({ attribute }) => attribute in FILTER_FIELDS).map(filterOf);
  const [low, high] = interval;
  const times = ratio === null ? 'none of the others' : `${formatNumber(ratio)} times`;
  return h(
    'li',
    { class: 'finding' },
    h('h3', null, conditions.map(describeCondition).join(' and ')),
    h(
      'p',
      null,
      `${formatShare(baselineShare)} of the others, `,
      h('strong', null, `${formatShare(selectionShare)} of the selected`),
      ` (${times}; 95 % ${formatNumber(low)} to ${high === null ? 'any number' : formatNumber(high)}). p ${pValue < 0.001 ? 'below 0.001' : pValue.toFixed(3)}.`,
    ),
    h(
      'div',
      { class: 'shares', 'aria-hidden': 'true' },
      h('span', null, 'selected'),
      h(Bar, { share: selectionShare, class: 'selected' }),
      h('span', null, 'others'),
      h(Bar, { share: baselineShare }),
    ),
    h(
      'p',
      { class: 'note' },
      `${formatCount(count)} predictions, median ${formatSeconds(finding.medianSeconds)}, p99 ${formatSeconds(finding.p99Seconds)}. `,
      traces.length > 0 ? 'Traces: ' : '',
      traces.map((id) => [h('a', { key: id, href: hrefOf('trace', { id }) }, h('code', null, id.slice(0, 8))), ' ']),
    ),
    h(
      'div',
      { class: 'toolbar' },
      added.length === 0
        ? null
        : h(
            'a',
            { class: 'button', href: hrefOf('live', { ...parametersOf([...filters, ...added]), last: 'all' }) },
            'Show only these',
          ),
      promql === undefined ? null : h(PromQl, { promql }),
    ),
  );
}

function PromQl({ promql }: { readonly promql: string }): ComponentChildren {
  const { prometheusUrl } = settings.value ?? {};
  const query = `query?g0.expr=${encodeURIComponent(promql)}`;
  return h(
    'details',
    { class: 'promql' },
    h('summary', null, 'PromQL'),
    h('code', null, promql),
    prometheusUrl
      ? h('a', { href: `${prometheusUrl.replace(/\/?$/, '/')}${query}`, rel: 'noreferrer' }, 'Open in Prometheus')
      : null,
  );
}

function filterOf({ attribute, value }: Condition): Filter {
  return { field: attribute, value };
}

function describeCondition(condition: Condition): string {
  return condition.value === 'not set' ? `${condition.attribute} is not set` : describeFilter(filterOf(condition));
}
