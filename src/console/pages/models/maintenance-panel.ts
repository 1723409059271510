import { type ComponentChildren, h } from 'preact';
import type { Decision, ModelReport } from '../../state/answers.ts';
import { formatNumber, formatTime, words } from '../../view/format.ts';
import { Facts, Panel } from '../../view/parts.ts';

const MODES: Readonly<Record<string, string>> = {
  recommend: 'it recommends, people decide',
  automatic: 'it decides by the policy',
  off: 'off',
};

/** Shows the decisions and the recommendations of maintenance, with their reasons. */
export function MaintenancePanel({ report }: { readonly report: ModelReport }): ComponentChildren {
  const { maintenance, retrain } = report;
  return h(
    Panel,
    {
      title: 'Maintenance',
      note: maintenance
        ? `${MODES[maintenance.mode] ?? maintenance.mode}${maintenance.evaluatedAt ? `; looked at ${formatTime(maintenance.evaluatedAt)}` : ''}`
        : 'cannot be read now',
    },
    maintenance === null
      ? h('p', { class: 'note' }, 'Its state cannot be read now. The log of the service has the reason.')
      : h(Facts, {
          facts: [
            ['problem', maintenance.problem],
            ['recommends', maintenance.recommendation && describe(maintenance.recommendation)],
            ['held until', maintenance.recommendation?.heldUntil && formatTime(maintenance.recommendation.heldUntil)],
            ['failed', maintenance.recommendation?.failure],
            [
              'waits for',
              maintenance.recommendation ? null : (maintenance.waitingFor ?? 'nothing; nothing is to be done'),
            ],
            [
              'last action',
              maintenance.lastAction && `${formatTime(maintenance.lastAction.at)}: ${describe(maintenance.lastAction)}`,
            ],
          ],
        }),
    retrain === null
      ? null
      : h(Facts, {
          facts: [
            [
              'last retraining',
              retrain.state === 'running'
                ? `running: ${retrain.progress.phase}, ${retrain.progress.done} of ${retrain.progress.total}`
                : `${retrain.state}${retrain.version === null ? '' : `, version ${retrain.version}`}, ${formatTime(retrain.startedAt)}`,
            ],
            ['failure', retrain.failure && `${retrain.failure.reason}: ${retrain.failure.detail}`],
          ],
        }),
  );
}

function describe({ action, version, reason, numbers }: Decision): string {
  const figures = Object.entries(numbers)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name} ${formatNumber(value!)}`);
  return `${words(action)}${version === null ? '' : ` version ${version}`}: ${reason}${figures.length === 0 ? '' : ` (${figures.join(', ')})`}`;
}
