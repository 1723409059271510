import { useSignal } from '@preact/signals';
import { type ComponentChildren, h } from 'preact';
import type { ModelReport, RoleChange } from '../../state/answers.ts';
import { place, setQuery } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { loadModels, models } from '../../state/service.ts';
import { formatTime } from '../../view/format.ts';
import { ModelChoice, modelOrDefault } from '../../view/model-choice.ts';
import { DataTable, Empty, Loaded, Panel } from '../../view/parts.ts';
import { Experiments } from './experiments.ts';
import { MaintenancePanel } from './maintenance-panel.ts';
import { type Action, RoleDialog } from './role-dialog.ts';
import { VersionTable } from './version-table.ts';

const REFRESH_MS = 5_000;

/** The page of a model: its versions, their roles and experiments, and who changed what. */
export function ModelsPage(): ComponentChildren {
  const name = modelOrDefault(place.value.query.get('model')).split('@')[0]!;
  const version = useSignal(0);
  const action = useSignal<Action | undefined>(undefined);
  const path = name === '' ? undefined : `models/${encodeURIComponent(name)}`;
  const report = useResource<ModelReport>(path, REFRESH_MS, version.value).value;
  const changes = useResource<{ changes: readonly RoleChange[] }>(
    path && `${path}/changes`,
    REFRESH_MS,
    version.value,
  ).value;
  const ask = (next: Action) => {
    action.value = next;
  };
  return h(
    'div',
    { class: 'stack' },
    h(
      'div',
      { class: 'toolbar' },
      h(ModelChoice, { value: name, onChange: (value) => setQuery({ model: value }) }),
      h('button', { type: 'button', onClick: () => ask({ kind: 'rollback' }) }, 'Roll back'),
      h('button', { type: 'button', onClick: () => ask({ kind: 'retrain' }) }, 'Retrain'),
    ),
    name === '' && models.value.length === 0
      ? h(Empty, { title: 'No model is loaded' }, 'The models are still loading.')
      : null,
    action.value === undefined
      ? null
      : h(RoleDialog, {
          model: name,
          action: action.value,
          onClose: () => {
            action.value = undefined;
            version.value += 1;
            void loadModels();
          },
        }),
    h(Loaded<ModelReport>, {
      resource: report,
      children: (value) =>
        h(
          'div',
          { class: 'stack' },
          h(VersionTable, { report: value, onAction: ask }),
          h(Experiments, { key: value.name, report: value }),
          h(MaintenancePanel, { report: value }),
        ),
    }),
    h(
      Panel,
      { title: 'Audit trail', note: 'who changed which role, and why; latest first' },
      h(Loaded<{ changes: readonly RoleChange[] }>, {
        resource: changes,
        children: ({ changes: list }) =>
          list.length === 0
            ? h('p', { class: 'note' }, 'No role was changed yet.')
            : h(DataTable, {
                caption: 'Audit trail',
                head: ['#time', 'actor', 'action', '#from', '#to', 'reason'],
                rows: list.map(({ at, actor, action: done, from, to, share, reason }) => [
                  formatTime(at),
                  actor,
                  done,
                  from ?? '–',
                  `${to ?? '–'}${share === undefined ? '' : ` (${Math.round(share * 100)} %)`}`,
                  reason,
                ]),
              }),
      }),
    ),
  );
}
