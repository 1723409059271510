import { type ComponentChildren, h } from 'preact';
import type { PredictionRow } from '../../../recent/prediction-row.ts';
import { FilterValue } from '../../view/filter-bar.ts';
import { formatClock, formatCount, formatMilliseconds, formatSeconds, formatShare, words } from '../../view/format.ts';
import { Empty, Facts, LabelName, labelClass, Panel, Probability } from '../../view/parts.ts';
import { TracePanel } from '../../waterfall/trace-panel.ts';
import { openRow } from './latency-panel.ts';

/** The number of rows in the list. The scatter above has all. */
const MAX_LISTED = 100;

interface TableProps {
  /** Newest first. */
  readonly rows: readonly PredictionRow[];
  readonly slowSeconds: number;
  readonly selected: string | undefined;
  readonly isLoading: boolean;
}

/** The newest predictions. A click on a value filters, a click on a row opens its trace. */
export function PredictionTable({ rows, slowSeconds, selected, isLoading }: TableProps): ComponentChildren {
  const listed = rows.slice(0, MAX_LISTED);
  return h(
    Panel,
    {
      title: 'Predictions',
      note: `newest first${rows.length > MAX_LISTED ? `, ${MAX_LISTED} of ${formatCount(rows.length)}` : ''}`,
    },
    listed.length === 0
      ? h(
          Empty,
          { title: isLoading ? 'Loading …' : 'No predictions' },
          isLoading ? '' : 'They appear here as they come.',
        )
      : h(
          'div',
          { class: 'scroll tall', tabIndex: 0, role: 'region', 'aria-label': 'List of predictions' },
          h(
            'table',
            { class: 'predictions' },
            h('caption', { class: 'hidden' }, 'Predictions, newest first'),
            h(
              'thead',
              null,
              h(
                'tr',
                null,
                ['time', 'ms'].map((title) => h('th', { key: title, scope: 'col', class: 'num' }, title)),
                h('th', { scope: 'col' }, 'label'),
                h('th', { scope: 'col', class: 'num' }, 'confidence'),
                h('th', { scope: 'col' }, 'version'),
                h('th', { scope: 'col', class: 'wide' }, 'unusual'),
              ),
            ),
            h(
              'tbody',
              null,
              listed.map((row) =>
                h(Row, {
                  key: row.spanId,
                  row,
                  isSlow: row.requestSeconds >= slowSeconds,
                  isSelected: row.spanId === selected,
                }),
              ),
            ),
          ),
        ),
  );
}

interface RowProps {
  readonly row: PredictionRow;
  readonly isSlow: boolean;
  readonly isSelected: boolean;
}

function Row({ row, isSlow, isSelected }: RowProps): ComponentChildren {
  const { prediction, confidence, version, model, status, anomalies, abstained, synthetic, feedback, errorType } = row;
  const isFailed = status === 0 || status >= 400;
  return h(
    'tr',
    { class: isSelected ? 'selected' : '', onClick: () => openRow(row) },
    h(
      'td',
      { class: 'num' },
      h(
        'button',
        {
          type: 'button',
          class: 'value',
          'aria-pressed': isSelected ? 'true' : 'false',
          title: 'Open the trace',
          onClick: (event: Event) => {
            event.stopPropagation();
            openRow(row);
          },
        },
        formatClock(row.time, true),
      ),
    ),
    h('td', { class: `num ${isSlow ? 'slow' : ''}` }, formatMilliseconds(row.requestSeconds)),
    h(
      'td',
      null,
      prediction === null
        ? ''
        : h(FilterValue, { field: 'prediction', value: prediction }, h(LabelName, { label: prediction })),
    ),
    h(
      'td',
      { class: 'num' },
      confidence === null ? '' : h(Probability, { value: confidence, class: labelClass(prediction ?? '') }),
    ),
    h('td', null, version === null ? '' : h(FilterValue, { field: 'version', value: version }, `${model} ${version}`)),
    h(
      'td',
      null,
      isFailed
        ? h(FilterValue, { field: 'status', value: String(status) }, `${status} ${words(errorType ?? 'disconnected')}`)
        : null,
      synthetic ? h(FilterValue, { field: 'synthetic', value: 'true' }, 'load test') : null,
      abstained ? h(FilterValue, { field: 'abstained', value: 'true' }, 'abstained') : null,
      anomalies.map((reason) => h(FilterValue, { key: reason, field: 'anomaly', value: reason }, words(reason))),
      feedback === undefined
        ? null
        : h(
            FilterValue,
            { field: 'label', value: feedback.label },
            `${feedback.correct ? '✓' : '✗'} is ${feedback.label}`,
          ),
    ),
  );
}

interface DetailsProps {
  readonly rows: readonly PredictionRow[];
  readonly selected: string | undefined;
  readonly traceId: string | undefined;
}

/** The prediction that was opened: its trace, and what is known about the text and the process. */
export function PredictionDetails({ rows, selected, traceId }: DetailsProps): ComponentChildren {
  if (traceId === undefined) {
    return h(
      'div',
      { class: 'panel' },
      h(Empty, { title: 'No prediction opened' }, 'Click a dot or a row to see where its time went.'),
    );
  }
  const row = rows.find(({ spanId }) => spanId === selected);
  return h('div', { class: 'stack' }, h(TracePanel, { key: traceId, id: traceId }), row ? h(RowFacts, { row }) : null);
}

function RowFacts({ row }: { readonly row: PredictionRow }): ComponentChildren {
  const { process, characters, tokens, unknownRatio, shadow, feedback } = row;
  const process_ = [
    `worker ${row.worker}`,
    `${process.inFlight} in flight`,
    `loop delay ${formatSeconds(process.eventLoopDelaySeconds)}`,
    process.gcSeconds > 0 ? `garbage collection ${formatSeconds(process.gcSeconds)}` : '',
    process.batch ? 'a batch beside it' : '',
    process.retraining ? 'a retraining beside it' : '',
    process.coldVersion ? 'version still cold' : '',
  ];
  return h(
    Panel,
    { title: 'Prediction' },
    h(Facts, {
      facts: [
        [
          'label',
          row.prediction === null
            ? ''
            : [h(LabelName, { key: 'label', label: row.prediction }), ` ${row.confidence?.toFixed(4)}`],
        ],
        [
          'feedback',
          feedback && `${feedback.correct ? 'right' : `wrong, it is ${feedback.label}`} (${feedback.source})`,
        ],
        ['model', row.model === null ? '' : `${row.model}, version ${row.version} (${row.role})`],
        ['shadow', shadow && `version ${shadow.version} says ${shadow.prediction}`],
        [
          'text',
          characters === null
            ? ''
            : `${formatCount(characters)} characters, ${formatCount(tokens ?? 0)} tokens, ${formatShare(unknownRatio ?? 0)} unknown`,
        ],
        ['unusual', row.anomalies.map(words).join(', ')],
        ['abstained', row.abstained ? 'the confidence is below the minimum of the request or of the policy' : ''],
        [
          'load test',
          row.synthetic ? 'the request was marked as one: it counts neither for drift nor for quality' : '',
        ],
        ['status', row.errorType === undefined ? String(row.status) : `${row.status} ${words(row.errorType)}`],
        ['route', row.route],
        ['process', process_.filter((part) => part !== '').join(', ')],
        ['kept because', row.kept.join(', ')],
        ['words', row.text === undefined ? '' : h('span', { class: 'text' }, row.text.slice(0, 2_000))],
      ],
    }),
  );
}
