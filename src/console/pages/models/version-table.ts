import { type ComponentChildren, h } from 'preact';
import type { ModelReport } from '../../state/answers.ts';
import { hrefOf } from '../../state/location.ts';
import { formatCount, formatShare } from '../../view/format.ts';
import { LabelName, Panel } from '../../view/parts.ts';
import type { Action } from './role-dialog.ts';

interface VersionsProps {
  readonly report: ModelReport;
  readonly onAction: (action: Action) => void;
}

/** The versions of a model with their roles, their held-out scores, and what can be done with each. */
export function VersionTable({ report, onAction }: VersionsProps): ComponentChildren {
  const { name, active, shadow, canary, canaryShare, versions } = report;
  const roles = (version: string) =>
    [
      version === active ? 'active' : '',
      version === canary ? `canary ${formatShare(canaryShare ?? 0)}` : '',
      version === shadow ? 'shadow' : '',
    ].filter((role) => role !== '');
  const act = (title: string, action: Action) =>
    h('button', { key: title, type: 'button', onClick: () => onAction(action) }, title);
  return h(
    Panel,
    { title: 'Versions', note: 'newest first; scores on texts that were not in the training' },
    h(
      'div',
      { class: 'scroll', tabIndex: 0, role: 'region', 'aria-label': 'Table: versions' },
      h(
        'table',
        null,
        h('caption', { class: 'hidden' }, `Versions of ${name}`),
        h(
          'thead',
          null,
          h(
            'tr',
            null,
            ['version', 'role', 'algorithm', 'labels'].map((title) => h('th', { key: title, scope: 'col' }, title)),
            ['texts', 'accuracy', 'macro F1', 'calibration error'].map((title) =>
              h('th', { key: title, scope: 'col', class: 'num' }, title),
            ),
            h('th', { scope: 'col' }, 'actions'),
          ),
        ),
        h(
          'tbody',
          null,
          versions.map(({ version, algorithm, labels, evaluation, training, sha256 }) =>
            h(
              'tr',
              { key: version, class: version === active ? 'selected' : '' },
              h(
                'th',
                { scope: 'row' },
                h(
                  'a',
                  { href: hrefOf('quality', { model: `${name}@${version}` }), title: `weights ${sha256}` },
                  version,
                ),
              ),
              h(
                'td',
                null,
                roles(version).map((role) => h('span', { key: role, class: `badge ${role.split(' ')[0]}` }, role)),
              ),
              h('td', null, algorithm.replaceAll('+', ' + ')),
              h(
                'td',
                null,
                labels.map((label) => [h(LabelName, { key: label, label }), ' ']),
              ),
              h(
                'td',
                { class: 'num' },
                typeof training['documents'] === 'number' ? formatCount(training['documents']) : '–',
              ),
              h('td', { class: 'num' }, evaluation ? formatShare(evaluation.accuracy) : '–'),
              h('td', { class: 'num' }, evaluation ? evaluation.macro.f1.toFixed(3) : '–'),
              h('td', { class: 'num' }, evaluation ? evaluation.expectedCalibrationError.toFixed(4) : '–'),
              h(
                'td',
                null,
                h(
                  'div',
                  { class: 'toolbar' },
                  version === active
                    ? h('span', { class: 'note' }, 'answers requests')
                    : [
                        act('Activate', { kind: 'activate', version }),
                        version === canary
                          ? act('End canary', { kind: 'canary', version: null })
                          : act('Canary', { kind: 'canary', version }),
                        version === shadow
                          ? act('End shadow', { kind: 'shadow', version: null })
                          : act('Shadow', { kind: 'shadow', version }),
                      ],
                ),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}
