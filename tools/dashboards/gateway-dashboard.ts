import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { createDashboard, instanceVariable } from './dashboard.ts';
import { CLIENT_DURATION, GATEWAY, libraryMetric, OWN } from './metric-names.ts';
import { ALERT_LIMIT, GATEWAY_OBJECTIVES, VERDICT_SECONDS_LIMIT } from './objectives.ts';
import { budgets, timeSeries } from './panels.ts';
import { INSTANCE, MAIL_GATEWAY, ofSpansFrom, quantile, select, sumRate } from './selectors.ts';

const SELECTED = [MAIL_GATEWAY, INSTANCE];
const QUANTILES = [0.5, 0.95, 0.99];
const WINDOWS = [
  ['5m', '5 minutes'],
  ['1h', '1 hour'],
  ['6h', '6 hours'],
] as const;

const { verdict, latency, availability } = GATEWAY_OBJECTIVES;

const messages = (...matchers: string[]) => select(GATEWAY.messages, ...SELECTED, ...matchers);

/** Returns the dashboard of the mail gateway. */
export function gatewayDashboard(): Dashboard {
  return createDashboard({
    name: 'gateway',
    title: 'mail gateway',
    description: 'The mail that comes through, its verdicts, what went on without one, and how long it had to wait.',
    variables: [instanceVariable(select(libraryMetric('process.memory.usage_bytes'), MAIL_GATEWAY))],
    models: [],
    rows: [
      { title: 'Mail', panels: mailPanels() },
      { title: 'Objectives', panels: objectivePanels() },
      { title: 'Let through without a verdict', panels: uncheckedPanels() },
      { title: 'Duration', panels: durationPanels() },
      { title: 'The process', panels: processPanels() },
    ],
  });
}

function mailPanels() {
  return [
    timeSeries({ id: 2, title: 'Messages', description: 'By verdict', unit: 'ops', width: 8 }, [
      sumRate(messages(), 'verdict'),
      '{{verdict}}',
    ]),
    timeSeries({ id: 3, title: 'Messages, by way in', unit: 'ops', width: 8 }, [
      sumRate(messages(), 'protocol'),
      '{{protocol}}',
    ]),
    timeSeries(
      {
        id: 4,
        title: 'Share of spam',
        description: 'Of the messages that got a verdict',
        unit: 'percentunit',
        width: 8,
        min: 0,
        max: 1,
      },
      [`${sumRate(messages('verdict="spam"'))} / ${sumRate(messages('verdict!="unchecked"'))}`, 'spam'],
    ),
  ];
}

function objectivePanels() {
  const ratios = (name: string) =>
    WINDOWS.map(([window, legend]) => [`mail_gateway:${name}:ratio${window}`, legend] as const);
  return [
    budgets(
      {
        id: 18,
        title: 'Error budget left',
        description:
          'Of the last 14 days: 100 % if nothing has failed, below 0 if more has failed than the objective allows',
        width: 6,
      },
      ...[verdict, latency, availability].map(({ budget, title }) => [budget, title] as const),
    ),
    timeSeries(
      {
        id: 19,
        title: 'Messages without a verdict',
        description: 'Over the windows of the alert. The line is the objective',
        unit: 'percentunit',
        width: 6,
        min: 0,
        limit: verdict.allowed,
      },
      ...ratios('unchecked'),
    ),
    timeSeries(
      {
        id: 20,
        title: 'Late messages',
        description: 'Share that waited longer than 250 ms, over the windows of the alert. The line is the objective',
        unit: 'percentunit',
        width: 6,
        min: 0,
        limit: latency.allowed,
      },
      ...ratios('late'),
    ),
    timeSeries(
      {
        id: 21,
        title: 'Failing requests by HTTP',
        description: 'Over the windows of the alert. The line is the objective',
        unit: 'percentunit',
        width: 6,
        min: 0,
        limit: availability.allowed,
      },
      ...ratios('http_failures'),
    ),
  ];
}

function uncheckedPanels() {
  return [
    timeSeries(
      {
        id: 6,
        title: 'Share of unchecked messages',
        description:
          'Mail never waits for Waymark longer than its deadline: it goes on unchecked. The line is the objective',
        unit: 'percentunit',
        width: 12,
        min: 0,
        max: 1,
        limit: verdict.allowed,
      },
      [`(${sumRate(messages('verdict="unchecked"'))} or vector(0)) / ${sumRate(messages())}`, 'unchecked'],
    ),
    timeSeries({ id: 7, title: 'Unchecked messages', description: 'By reason', unit: 'ops', width: 12 }, [
      sumRate(select(GATEWAY.unchecked, ...SELECTED), 'reason'),
      '{{reason}}',
    ]),
  ];
}

function durationPanels() {
  const quantiles = (metric: string) => QUANTILES.map((q) => [quantile(q, metric, SELECTED), `p${q * 100}`] as const);
  return [
    timeSeries(
      {
        id: 9,
        title: 'Judging',
        description: 'From the whole message to its verdict. The line is the limit of the objective',
        unit: 's',
        width: 8,
        limit: VERDICT_SECONDS_LIMIT,
      },
      ...quantiles(GATEWAY.duration),
    ),
    timeSeries({ id: 10, title: 'Judging, by way in', description: '95 of 100 are faster', unit: 's', width: 8 }, [
      quantile(0.95, GATEWAY.duration, SELECTED, ['protocol']),
      '{{protocol}}',
    ]),
    timeSeries(
      {
        id: 11,
        title: 'Waymark, as the gateway sees it',
        description: "One attempt to ask it; there may be several within a message's deadline",
        unit: 's',
        width: 8,
      },
      ...quantiles(CLIENT_DURATION),
    ),
    timeSeries(
      {
        id: 12,
        title: 'Where the time goes',
        description: '95 of 100 are faster; by span of the gateway',
        unit: 's',
        width: 12,
      },
      [spanQuantile(), '{{span_name}}'],
    ),
    timeSeries(
      {
        id: 13,
        title: 'Attempts to ask Waymark',
        description: 'By the status of the answer; without one, by the error',
        unit: 'reqps',
        width: 12,
      },
      [
        sumRate(select(`${CLIENT_DURATION}_count`, ...SELECTED), 'http_response_status_code', 'error_type'),
        '{{http_response_status_code}} {{error_type}}',
      ],
    ),
  ];
}

function spanQuantile(): string {
  const rates = ofSpansFrom('rate(traces_span_metrics_duration_seconds_bucket[$__rate_interval])', MAIL_GATEWAY);
  return `histogram_quantile(0.95, sum by (le, span_name) (${rates}))`;
}

function processPanels() {
  return [
    timeSeries(
      { id: 15, title: 'HTTP requests', description: 'By route and status; SMTP has none', unit: 'reqps', width: 8 },
      [
        sumRate(select(`${OWN.requestDuration}_count`, ...SELECTED), 'http_route', 'http_response_status_code'),
        '{{http_route}} {{http_response_status_code}}',
      ],
    ),
    timeSeries(
      { id: 16, title: 'Event loop', description: 'How busy it is', unit: 'percentunit', width: 8, min: 0, max: 1 },
      [select(libraryMetric('nodejs.eventloop.utilization'), ...SELECTED), '{{instance}}'],
    ),
    timeSeries(
      {
        id: 17,
        title: 'CPU',
        description: 'Cores in use. The line is the limit of the alert',
        unit: 'short',
        width: 8,
        limit: ALERT_LIMIT.cores,
      },
      [sumRate(select(libraryMetric('process.cpu.time'), ...SELECTED), 'instance'), '{{instance}}'],
    ),
  ];
}
